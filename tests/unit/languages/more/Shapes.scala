package geometry

import scala.math.{Pi, sqrt}
export Shape.*

/** A closed figure. */
enum Shape(val sides: Int):
  case Circle(radius: Double) extends Shape(0)
  case Square(side: Double) extends Shape(4)

  /** How much room it takes. */
  def area: Double = this match
    case Circle(r) => Pi * r * r
    case Square(s) => s * s

/** What can be drawn. */
trait Drawable[T]:
  def draw(value: T): String
  extension (value: T) def show: String = draw(value)

given Drawable[Shape] with
  def draw(value: Shape): String = value.toString

given ordering: Ordering[Shape] = Ordering.by(_.area)

opaque type Metres = Double

object Metres:
  def apply(value: Double): Metres = value

extension (shape: Shape)
  /** A shape of twice the size. */
  def doubled: Shape = shape match
    case Shape.Circle(r) => Shape.Circle(r * 2)
    case Shape.Square(s) => Shape.Square(s * 2)

inline def diagonal(side: Double)(using ctx: Context): Double =
  sqrt(2 * side * side)

@main def run(names: String*): Unit =
  names.foreach(println)
