package dev.fanfare.server.db;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A parsed statement with named parameters. For JDBC, each {@code :name} is replaced by a {@code
 * ?}; a name that occurs twice becomes two JDBC parameters with the same value. A name begins with
 * a lower-case letter and continues with lower-case letters, digits and underscores.
 *
 * <p>The parser knows literals in single quotes, {@code --} comments and {@code ::} casts, and
 * leaves them as they are. Statements use no other form of quotes or comments. Immutable.
 *
 * @param text the statement for JDBC
 * @param names the parameter name of each {@code ?}, in order
 */
record NamedSql(String text, List<String> names) {
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
    int i = 0;
    while (i < sql.length()) {
      int end = skip(sql, i);
      if (end > i) {
        text.append(sql, i, end);
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
    return new NamedSql(text.toString(), List.copyOf(names));
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
