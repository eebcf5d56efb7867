{-# LANGUAGE GADTs #-}

-- | A small parser for expressions.
module Data.Expr.Parser
  ( Expr (..)
  , parseExpr
  ) where

import Control.Monad (void)
import qualified Data.Map.Strict as Map
import Data.Text (Text)

-- | An expression.
data Expr
  = Num Integer
  | Add Expr Expr
  | Var { varName :: Text }
  deriving (Eq, Show)

-- | Values that variables stand for.
type Env = Map.Map Text Integer

newtype Parser a = Parser
  { runParser :: Text -> Either Error (a, Text)
  }

-- | What can be evaluated.
class Monoid a => Eval a where
  -- | Evaluates it.
  eval :: Env -> a -> Maybe Integer
  eval _ _ = Nothing

  size :: a -> Int

instance Eval Expr where
  eval _ (Num n) = Just n
  eval env (Add l r) = (+) <$> eval env l <*> eval env r
  eval env (Var v) = Map.lookup v env

  size _ = 1

instance Functor Parser where
  fmap f (Parser p) = Parser $ \input ->
    case p input of
      Left err -> Left err
      Right (x, rest) -> Right (f x, rest)

-- | Simplifies an expression.
-- Zeroes are dropped.
simplify :: Expr -> Expr
simplify (Add (Num 0) e) = simplify e
simplify (Add e (Num 0)) = simplify e
simplify e = go e
  where
    go (Add l r) = Add (simplify l) (simplify r)
    go other = other

-- | The answer.
answer :: Int
answer = 42

infixl 6 <+>

(<+>) :: Expr -> Expr -> Expr
l <+> r = Add l r

data Term :: Type -> Type where
  IntT :: Int -> Term Int
  BoolT :: Bool -> Term Bool

type family Elem c where
  Elem [e] = e

pattern Zero :: Expr
pattern Zero = Num 0

parseExpr :: Text -> Either Error Expr
parseExpr input = do
  (e, rest) <- runParser expr input
  void (check rest)
  pure (simplify e)
