package dev.fanfare.server.result;

import java.util.function.Function;

/**
 * The result of a use case that may refuse: a value, or a {@link Refusal}.
 *
 * @param <T> the type of the value
 */
public sealed interface Result<T> {

  /** The use case succeeded. */
  record Success<T>(T value) implements Result<T> {}

  /** The use case refused, and its transaction was rolled back. */
  record Refused<T>(Refusal refusal) implements Result<T> {}

  /** A success with a value. */
  static <T> Result<T> of(T value) {
    return new Success<>(value);
  }

  /** A refused result. */
  static <T> Result<T> refused(Refusal refusal) {
    return new Refused<>(refusal);
  }

  /** Returns the value, or throws the exception that {@code toException} makes of the refusal. */
  default <X extends RuntimeException> T orElseThrow(Function<Refusal, X> toException) {
    return switch (this) {
      case Success<T> success -> success.value();
      case Refused<T> refused -> throw toException.apply(refused.refusal());
    };
  }
}
