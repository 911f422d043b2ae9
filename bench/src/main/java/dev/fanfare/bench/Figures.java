package dev.fanfare.bench;

import java.util.Locale;

/** Formats figures for readers. */
final class Figures {
  private Figures() {}

  /** Formats a figure with as many digits as are of interest. */
  static String number(double value) {
    return String.format(Locale.ROOT, value >= 100 ? "%,.0f" : value >= 1 ? "%.2f" : "%.3f", value);
  }
}
