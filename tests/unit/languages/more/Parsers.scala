package org.example
package parsing

import scala.collection.mutable.{ArrayBuffer, Map => MutableMap}
import scala.util.Try
import cats.syntax.all._

/** What can be parsed. */
sealed trait Token {
  /** Its text as it was written. */
  def text: String
}

object Token {
  case class Word(text: String) extends Token
  case object End extends Token {
    val text = ""
  }

  implicit val ordering: Ordering[Token] = Ordering.by(_.text)

  implicit class Rich(val self: Token) extends AnyVal {
    def isEmpty: Boolean = self.text.isEmpty
  }
}

/**
 * Turns text into tokens.
 *
 * @tparam A the type of the result
 */
@deprecated("use Lexer", "2.0")
abstract class Parser[+A](val name: String)(implicit log: Logger)
    extends Serializable
    with Closeable {
  type Result = Either[String, A]

  private val buffer = ArrayBuffer.empty[Token]
  var depth: Int = 0

  /** A parser that knows its name only. */
  def this() = this("unnamed")(Logger.default)

  def parse(input: String): Result

  /** Applies a function to the result. */
  def map[B](f: A => B): Parser[B] = new Parser[B](name) {
    def parse(input: String) = outer.parse(input).map(f)
  }

  def many(input: String): List[A] = {
    def loop(rest: String, found: List[A]): List[A] =
      parse(rest) match {
        case Right(value) => loop(rest.drop(1), value :: found)
        case Left(_)      => found.reverse
      }
    loop(input, Nil)
  }
}

object Parser {
  val Limit = 100
  def apply[A](f: String => A): Parser[A] = Parsers.lift(f)
}
