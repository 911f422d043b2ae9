package dev.fanfare.acceptance.chaos;

import java.util.ArrayList;
import java.util.List;

/** What was found broken since it was last asked. Thread-safe. */
final class Findings {
  /** A broken promise breaks for many runs at once; the first few tell what it is. */
  private static final int MAX = 200;

  private final List<String> texts = new ArrayList<>();

  synchronized void add(String text) {
    if (texts.size() < MAX) {
      texts.add(text);
    }
  }

  /** Adds a text for each of {@code found}. */
  void addAll(String what, List<String> found) {
    found.forEach(each -> add(what + ": " + each));
  }

  /** Returns all texts, and forgets them. */
  synchronized List<String> take() {
    List<String> taken = List.copyOf(texts);
    texts.clear();
    return taken;
  }
}
