package dev.fanfare.server.db;

import java.util.function.Function;

/**
 * The result of a statement that travels with a later one: it is there once that one has run, or
 * the transaction is committed. Confined to the thread of its transaction.
 */
@FunctionalInterface
public interface Later<T> {
  /**
   * The result.
   *
   * @throws IllegalStateException if the statement was not sent yet
   */
  T get();

  /** A result that is there already. */
  static <T> Later<T> of(T result) {
    return () -> result;
  }

  /** What {@code function} makes of the result, when that is there. */
  default <R> Later<R> map(Function<T, R> function) {
    return () -> function.apply(get());
  }
}
