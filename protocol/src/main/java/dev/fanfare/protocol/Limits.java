package dev.fanfare.protocol;

import java.util.Set;

/** Limits fixed by the public API. Limits that an operator can change are server settings. */
public final class Limits {
  /** Longest idempotency key, in characters. */
  public static final int IDEMPOTENCY_KEY_CHARS_MAX = 2048;

  /** Longest debounce key, in characters. */
  public static final int DEBOUNCE_KEY_CHARS_MAX = 512;

  /** Longest tag, in characters. */
  public static final int TAG_CHARS_MAX = 128;

  /** Most tags on one run. */
  public static final int TAGS_MAX = 10;

  /** Longest queue name, in characters, after sanitizing. */
  public static final int QUEUE_NAME_CHARS_MAX = 128;

  /** Longest task id, in characters. */
  public static final int TASK_ID_CHARS_MAX = 256;

  /** Largest initial metadata of a run, in bytes of its JSON text. */
  public static final int METADATA_BYTES_MAX = 262_144;

  /** Most attempts of any run, whatever its retry policy allows. */
  public static final int ATTEMPTS_MAX = 250;

  /** The shortest max duration of an attempt, in seconds; a shorter one is raised to this. */
  public static final int MAX_DURATION_SECONDS_MIN = 5;

  /** The longest max duration of an attempt, in seconds: effectively unlimited. */
  public static final int MAX_DURATION_SECONDS_MAX = Integer.MAX_VALUE;

  private Limits() {}

  /** The names of machine presets that the option {@code machine} accepts. */
  public static final Set<String> MACHINES =
      Set.of("micro", "small-1x", "small-2x", "medium-1x", "medium-2x", "large-1x", "large-2x");
}
