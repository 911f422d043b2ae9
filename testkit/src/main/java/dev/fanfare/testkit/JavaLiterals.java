package dev.fanfare.testkit;

import java.util.ArrayList;
import java.util.List;

/**
 * The strings and text blocks of a Java source. Those joined by {@code +} are one, because the
 * compiler joins them too.
 */
public final class JavaLiterals {
  private static final String BLOCK = "\"\"\"";

  private final String source;
  private final List<Literal> literals = new ArrayList<>();
  private int at;

  /** Whether only a plus stands between the last literal and {@link #at}. */
  private boolean plus;

  private boolean joined;

  private JavaLiterals(String source) {
    this.source = source;
  }

  /**
   * A literal as the program has it, but for escapes, which stay as they are written.
   *
   * @param line where it begins, from 1
   */
  public record Literal(int line, String text) {}

  /** All literals of a source, in order. */
  public static List<Literal> of(String source) {
    JavaLiterals scan = new JavaLiterals(source);
    while (scan.at < source.length()) {
      scan.step();
    }
    return scan.literals;
  }

  /** Those among the arguments of each call that is written so, such as {@code new Thread}. */
  public static List<Literal> inCallsOf(String call, String source) {
    List<Literal> all = new ArrayList<>();
    String opening = call + "(";
    for (int i = source.indexOf(opening); i >= 0; i = source.indexOf(opening, i + 1)) {
      JavaLiterals scan = new JavaLiterals(source);
      scan.at = i + opening.length();
      for (int depth = 1; depth > 0; ) {
        char c = source.charAt(scan.at);
        depth += c == '(' ? 1 : c == ')' ? -1 : 0;
        scan.step(); // past a literal as a whole, whatever is in it
      }
      all.addAll(scan.literals);
    }
    return all;
  }

  /** Over one character, or one comment or literal as a whole. */
  private void step() {
    char c = source.charAt(at);
    if (source.startsWith("//", at)) {
      skipPast("\n");
    } else if (source.startsWith("/*", at)) {
      skipPast("*/");
    } else if (source.startsWith(BLOCK, at)) {
      literal(BLOCK, source.indexOf('\n', at) + 1);
    } else if (c == '"') {
      literal("\"", at + 1);
    } else if (c == '\'') {
      at = end("'", at + 1) + 1;
      joined = false;
    } else {
      if (c == '+' && joined) {
        plus = true;
      } else if (!Character.isWhitespace(c)) {
        joined = false;
        plus = false;
      }
      at++;
    }
  }

  private void skipPast(String mark) {
    int found = source.indexOf(mark, at + 2);
    at = found < 0 ? source.length() : found + mark.length();
  }

  private void literal(String mark, int begin) {
    int line = (int) source.substring(0, at).chars().filter(c -> c == '\n').count() + 1;
    int end = end(mark, begin);
    String text = source.substring(begin, end);
    if (plus && joined) {
      Literal before = literals.removeLast();
      literals.add(new Literal(before.line(), before.text() + text));
    } else {
      literals.add(new Literal(line, text));
    }
    at = end + mark.length();
    joined = true;
    plus = false;
  }

  private int end(String mark, int begin) {
    int end = begin;
    while (!source.startsWith(mark, end)) {
      end += source.charAt(end) == '\\' ? 2 : 1;
    }
    return end;
  }
}
