package dev.fanfare.bench;

/** A benchmark that takes long, so it runs only when it is named. */
interface LongWorkload extends SeparateWorkload {
  @Override
  default boolean onlyByName() {
    return true;
  }
}
