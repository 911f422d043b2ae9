package dev.fanfare.server.db;

/** A server cannot work with a database. The message is a sentence for the operator. */
public final class UnusableDatabaseException extends RuntimeException {
  UnusableDatabaseException(String message) {
    super(message);
  }
}
