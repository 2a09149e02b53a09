{-# LANGUAGE LambdaCase #-}
module Data.Config.Parser
  ( parseConfig
  , Entry (..)
  ) where

import qualified Data.Map.Strict as Map
import Data.Text (Text, strip)

-- | One line of a configuration.
data Entry
  = Section Text
  | Pair Text Text
  deriving (Eq, Show)

newtype Parser a = Parser { runParser :: Text -> Maybe a }

type Config = Map.Map Text Text

class Monad m => MonadConfig m where
  lookupKey :: Text -> m (Maybe Text)

instance Functor Parser where
  fmap f (Parser run) = Parser (fmap f . run)

-- | Parses a whole file.
-- Comments are dropped.
parseConfig :: Text -> Either String Config
parseConfig source =
  case traverse parseLine (filter relevant (lines source)) of
    Nothing -> Left "malformed line"
    Just entries -> Right (Map.fromList (concatMap pairs entries))
  where
    relevant line = not (null (strip line))

pairs :: Entry -> [(Text, Text)]
pairs (Section _) = []
pairs (Pair key value) = [(key, value)]
