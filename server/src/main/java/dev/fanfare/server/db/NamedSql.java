package dev.fanfare.server.db;

import java.util.ArrayList;
import java.util.List;
import java.util.Map;
import java.util.concurrent.ConcurrentHashMap;

/**
 * A statement with named parameters, as JDBC takes it: each {@code :name} became a {@code ?}. A
 * name that occurs twice is two parameters of the driver, which must be given the same value.
 *
 * @param text what is prepared
 * @param names the name of each {@code ?}, in order
 */
record NamedSql(String text, List<String> names) {
  /** Statements are constants of the source code, so there are as many as are written there. */
  private static final Map<String, NamedSql> PARSED = new ConcurrentHashMap<>();

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
        throw new IllegalArgumentException("Parameters are named: " + sql);
      } else {
        end = i + 1;
        text.append(sql.charAt(i));
      }
      i = end;
    }
    return new NamedSql(text.toString(), List.copyOf(names));
  }

  /** Where a literal, a comment or a cast that begins at {@code i} ends; {@code i}: none begins. */
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
