package dev.fanfare.sdk;

/**
 * A JSON value as its text, neither decoded nor printed anew: for payloads and outputs whose
 * numbers and key order must stay as they are. Immutable.
 *
 * @param text one JSON value
 */
public record RawJson(String text) {
  @Override
  public String toString() {
    return text;
  }
}
