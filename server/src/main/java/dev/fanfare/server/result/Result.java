package dev.fanfare.server.result;

import java.util.function.Function;

/**
 * What a use case answers that may refuse: a value, or a {@link Refusal}.
 *
 * @param <T> the value
 */
public sealed interface Result<T> {

  /** The use case did what it was asked. */
  record Success<T>(T value) implements Result<T> {}

  /** The use case refused, and nothing was stored. */
  record Refused<T>(Refusal refusal) implements Result<T> {}

  /** A value. */
  static <T> Result<T> of(T value) {
    return new Success<>(value);
  }

  /** A refusal. */
  static <T> Result<T> refused(Refusal refusal) {
    return new Refused<>(refusal);
  }

  /** The value; throws what {@code toException} makes of a refusal. For the edge, and for tests. */
  default <X extends RuntimeException> T orElseThrow(Function<Refusal, X> toException) {
    return switch (this) {
      case Success<T> success -> success.value();
      case Refused<T> refused -> throw toException.apply(refused.refusal());
    };
  }
}
