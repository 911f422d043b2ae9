package dev.fanfare.server.db;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;
import java.util.function.Function;
import java.util.regex.Matcher;
import java.util.regex.Pattern;
import org.jspecify.annotations.Nullable;

/**
 * A parsed statement with named parameters. For JDBC, each {@code :name} is replaced by a {@code
 * ?}; a name that occurs twice becomes two JDBC parameters with the same value. A name begins with
 * a lower-case letter and continues with lower-case letters, digits and underscores.
 *
 * <p>{@code within(x.run_id, :run_ids)} stands for a condition on the time in an id, which {@link
 * IdRanges#within} computes from the value of the parameter; so do {@code across(…)}, {@code
 * since(…)} and, without a parameter, {@code recent(…)}. They are part of the text, so that the
 * planner sees them.
 *
 * <p>The parser knows literals in single quotes, {@code --} comments and {@code ::} casts, and
 * leaves them as they are. Statements use no other form of quotes or comments. Immutable.
 *
 * @param text the statement for JDBC
 * @param names the parameter name of each {@code ?}, in order
 * @param ranges the conditions to be inserted, in order
 */
record NamedSql(String text, List<String> names, List<Range> ranges) {
  private static final Pattern RANGE =
      Pattern.compile(
          "(within|across|since)\\(([a-z_.]+), :([a-z][a-z0-9_]*)\\)|recent\\(([a-z_.]+)\\)");

  /**
   * A condition on the time in an id.
   *
   * @param at where it belongs in the text
   * @param column the column that is compared
   * @param kind {@code within}, {@code across} or {@code since}; or {@code recent}, without ids
   * @param name the parameter with the ids
   */
  record Range(int at, String kind, String column, @Nullable String name) {
    private String condition(IdRanges grid, long now, Function<String, Object> value) {
      if (name == null) {
        return grid.recent(column, now);
      }
      Object ids = value.apply(name);
      return switch (kind) {
        case "across" -> grid.across(column, ids, now);
        case "since" -> grid.since(column, ids, now);
        default -> grid.within(column, ids, now);
      };
    }
  }

  /** Grows with the number of statements in the source code only: they are constants. */
  private static final Map<String, NamedSql> PARSED = new ConcurrentHashMap<>();

  /**
   * Parses a statement, or returns it from the cache.
   *
   * @throws IllegalArgumentException if it contains a {@code ?}
   */
  static NamedSql of(String text) {
    NamedSql parsed = PARSED.get(text);
    return parsed != null ? parsed : PARSED.computeIfAbsent(text, NamedSql::parse);
  }

  private static NamedSql parse(String sql) {
    StringBuilder text = new StringBuilder(sql.length());
    List<String> names = new ArrayList<>();
    List<Range> ranges = new ArrayList<>();
    Matcher range = RANGE.matcher(sql);
    int i = 0;
    while (i < sql.length()) {
      int end = skip(sql, i);
      if (end > i) {
        text.append(sql, i, end);
      } else if (isWordStart(sql, i) && range.region(i, sql.length()).lookingAt()) {
        ranges.add(
            range.group(4) != null
                ? new Range(text.length(), "recent", range.group(4), null)
                : new Range(text.length(), range.group(1), range.group(2), range.group(3)));
        end = range.end();
      } else if (sql.charAt(i) == ':' && i + 1 < sql.length() && isLetter(sql.charAt(i + 1))) {
        end = i + 1;
        while (end < sql.length() && isPart(sql.charAt(end))) {
          end++;
        }
        names.add(sql.substring(i + 1, end));
        text.append('?');
      } else if (sql.charAt(i) == '?') {
        throw new IllegalArgumentException("Parameters must have names, such as :limit: " + sql);
      } else {
        end = i + 1;
        text.append(sql.charAt(i));
      }
      i = end;
    }
    return new NamedSql(text.toString(), List.copyOf(names), List.copyOf(ranges));
  }

  /** Whether the statement has this parameter. */
  boolean has(String name) {
    return names.contains(name) || ranges.stream().anyMatch(range -> name.equals(range.name));
  }

  /**
   * The statement for JDBC, with its conditions on the time in ids.
   *
   * @param value the value of a parameter
   */
  String text(IdRanges grid, Function<String, Object> value) {
    if (ranges.isEmpty()) {
      return text;
    }
    StringBuilder whole = new StringBuilder(text.length() + ranges.size() * 128);
    int from = 0;
    long now = grid.now();
    for (Range range : ranges) {
      whole.append(text, from, range.at).append(range.condition(grid, now, value));
      from = range.at;
    }
    return whole.append(text, from, text.length()).toString();
  }

  private static boolean isWordStart(String sql, int i) {
    return isLetter(sql.charAt(i)) && (i == 0 || !isPart(sql.charAt(i - 1)));
  }

  /** The end of the literal, comment or cast that begins at {@code i}; {@code i} if none does. */
  private static int skip(String sql, int i) {
    if (sql.charAt(i) == '\'') {
      return after(sql, "'", i + 1);
    }
    if (sql.startsWith("--", i)) {
      return after(sql, "\n", i);
    }
    if (sql.startsWith("::", i)) {
      return i + 2;
    }
    return i;
  }

  private static int after(String sql, String end, int from) {
    int at = sql.indexOf(end, from);
    return at < 0 ? sql.length() : at + end.length();
  }

  private static boolean isLetter(char c) {
    return c >= 'a' && c <= 'z';
  }

  private static boolean isPart(char c) {
    return isLetter(c) || c == '_' || (c >= '0' && c <= '9');
  }
}
