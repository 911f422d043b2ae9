package dev.fanfare.server.sql;

import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashSet;
import java.util.List;
import java.util.Set;
import java.util.regex.Pattern;

/**
 * A use of a table or view by a statement. This is not an SQL parser: it knows the places where a
 * table's name can stand, and recognizes common table expressions and functions.
 */
public record TableUse(String table, Kind kind) {
  /** Insert, update, delete, merge, truncate and copy are writes. */
  public enum Kind {
    READ,
    WRITE
  }

  private static final Pattern TOKEN =
      Pattern.compile("--[^\n]*|/\\*(?s:.*?)\\*/|'(?:[^']|'')*'|\"[^\"]+\"|\\w+|\\S");
  private static final Pattern VERB =
      Pattern.compile(
          "(?s)\\s*(select|with|insert into|update|delete from|merge into|truncate|copy)\\s.*");

  /** Functions with a {@code from} among their arguments. */
  private static final Set<String> FROM_INSIDE = Set.of("extract", "substring", "trim", "overlay");

  private static final Set<String> QUERY = Set.of("select", "with", "values", "(");
  private static final Set<String> LIST_ENDS =
      Set.of(
          "where",
          "group",
          "having",
          "window",
          "order",
          "limit",
          "offset",
          "for",
          "union",
          "except",
          "intersect",
          "returning",
          "set",
          ")",
          ";");

  /** Whether a text is an SQL statement that can use tables. */
  public static boolean isStatement(String text) {
    return VERB.matcher(text).matches();
  }

  /** The uses of tables by a statement, each table at most once for each kind. */
  public static Set<TableUse> in(String sql) {
    return new Statement(sql).uses();
  }

  private static final class Statement {
    private final List<String> tokens = new ArrayList<>();
    private final Set<String> expressions = new HashSet<>();
    private final Set<TableUse> uses = new LinkedHashSet<>();

    Statement(String sql) {
      TOKEN
          .matcher(sql)
          .results()
          .map(match -> match.group())
          .filter(token -> !token.startsWith("--") && !token.startsWith("/*"))
          .map(token -> token.startsWith("'") ? token : token.toLowerCase().replace("\"", ""))
          .forEach(tokens::add);
    }

    private String token(int i) {
      return i >= 0 && i < tokens.size() ? tokens.get(i) : "";
    }

    Set<TableUse> uses() {
      for (int i = 0; i < tokens.size(); i++) {
        expression(i);
      }
      for (int i = 0; i < tokens.size(); i++) {
        switch (token(i)) {
          case "into" -> {
            if (Set.of("insert", "merge").contains(token(i - 1))) {
              use(i + 1, Kind.WRITE);
            }
          }
          case "update" -> {
            if (!Set.of("do", "for", "key", "then").contains(token(i - 1))) {
              use(i + 1, Kind.WRITE);
            }
          }
          case "truncate", "copy" -> use(token(i + 1).equals("table") ? i + 2 : i + 1, Kind.WRITE);
          case "from" -> from(i);
          case "using" -> {
            if (!token(i + 1).equals("(")) {
              list(i + 1);
            }
          }
          case "join" -> item(i + 1);
          default -> {}
        }
      }
      return uses;
    }

    /** Finds {@code with x as (} and {@code , y (a, b) as materialized (}. */
    private void expression(int as) {
      if (!token(as).equals("as")) {
        return;
      }
      int body = as + 1;
      while (Set.of("not", "materialized").contains(token(body))) {
        body++;
      }
      int name = token(as - 1).equals(")") ? opening(as - 1) - 1 : as - 1;
      if (token(body).equals("(") && Set.of("with", "recursive", ",").contains(token(name - 1))) {
        expressions.add(token(name));
      }
    }

    private void from(int i) {
      if (token(i - 1).equals("delete")) {
        use(i + 1, Kind.WRITE);
      } else if (!isOperator(i)) {
        list(i + 1);
      }
    }

    /** {@code is distinct from}, {@code extract(epoch from …)}. */
    private boolean isOperator(int from) {
      if (token(from - 1).equals("distinct") && Set.of("is", "not").contains(token(from - 2))) {
        return true;
      }
      int open = enclosing(from);
      return open > 0 && FROM_INSIDE.contains(token(open - 1));
    }

    private int enclosing(int i) {
      int depth = 0;
      for (int at = i - 1; at >= 0; at--) {
        depth += token(at).equals(")") ? 1 : token(at).equals("(") ? -1 : 0;
        if (depth < 0) {
          return at;
        }
      }
      return -1;
    }

    private int opening(int close) {
      return enclosing(close);
    }

    private int closing(int open) {
      int depth = 0;
      for (int at = open; at < tokens.size(); at++) {
        depth += token(at).equals("(") ? 1 : token(at).equals(")") ? -1 : 0;
        if (depth == 0) {
          return at;
        }
      }
      return tokens.size();
    }

    /** Reads the items between commas. Joined tables are found by their {@code join}. */
    private void list(int begin) {
      item(begin);
      for (int at = begin; at < tokens.size() && !LIST_ENDS.contains(token(at)); at++) {
        if (token(at).equals("(")) {
          at = closing(at);
        } else if (token(at).equals(",")) {
          item(at + 1);
        }
      }
    }

    private void item(int i) {
      int at = i;
      while (Set.of("only", "lateral").contains(token(at))) {
        at++;
      }
      if (!token(at).equals("(")) {
        use(at, Kind.READ);
      } else if (!QUERY.contains(token(at + 1))) {
        item(at + 1); // a join in parentheses
      }
    }

    private void use(int i, Kind kind) {
      int at = token(i).equals("only") ? i + 1 : i;
      boolean qualified = token(at + 1).equals(".");
      String name = qualified ? token(at + 2) : token(at);
      boolean function = kind == Kind.READ && token(qualified ? at + 3 : at + 1).equals("(");
      if (!function && !name.startsWith("pg_") && (qualified || !expressions.contains(name))) {
        uses.add(new TableUse(name, kind));
      }
    }
  }
}
