package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import dev.fanfare.testkit.TestDatabase;
import java.io.IOException;
import java.nio.file.Files;
import java.nio.file.Path;
import java.sql.Connection;
import java.sql.PreparedStatement;
import java.sql.ResultSet;
import java.sql.SQLException;
import java.sql.Statement;
import java.util.ArrayList;
import java.util.List;
import org.junit.jupiter.api.Test;

/**
 * {@code schema.sql} is the schema after all migrations, so that the diff of a new migration shows
 * its effect. {@code -Dfanfare.schema.write=true} rewrites the file.
 */
class SchemaSnapshotTest {
  private static final Path SNAPSHOT =
      Path.of("src/main/resources/dev/fanfare/server/db/schema.sql").toAbsolutePath();

  private static final String TYPES =
      """
      select format(E'create type %s as enum (\\n%s);', t.typname,
                    string_agg(format('  %L', e.enumlabel), E',\\n' order by e.enumsortorder))
        from pg_type t
        join pg_enum e on e.enumtypid = t.oid
       where t.typnamespace = 'fanfare'::regnamespace
       group by t.typname
       order by t.typname
      """;

  private static final String TABLES =
      """
      select c.relname
        from pg_class c
       where c.relnamespace = 'fanfare'::regnamespace
         and c.relkind in ('r', 'p')
         and not c.relispartition
         and c.relname <> 'flyway_schema_history'
       order by c.relname
      """;

  private static final String COLUMNS =
      """
      select format('  %s %s%s%s%s', rpad(a.attname, max(length(a.attname)) over ()),
                    format_type(a.atttypid, a.atttypmod),
                    case when a.attnotnull then ' not null' end,
                    case when a.attidentity = 'a' then ' generated always as identity' end,
                    case when a.attgenerated = 's'
                         then ' generated always as ' || pg_get_expr(d.adbin, d.adrelid) || ' stored'
                         else ' default ' || pg_get_expr(d.adbin, d.adrelid)
                    end)
        from pg_attribute a
        left join pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
       where a.attrelid = ?::regclass
         and a.attnum > 0
         and not a.attisdropped
       order by a.attnum
      """;

  private static final String CONSTRAINTS =
      """
      select format('  constraint %s %s', k.conname, pg_get_constraintdef(k.oid))
        from pg_constraint k
       where k.conrelid = ?::regclass
         and k.contype <> 'n'
       order by k.contype <> 'p', k.conname
      """;

  private static final String PARTITIONING =
      """
      select ' partition by ' || lower(pg_get_partkeydef(c.oid))
        from pg_class c
       where c.oid = ?::regclass
         and c.relkind = 'p'
      """;

  private static final String OPTIONS =
      """
      select format(' with (%s)', array_to_string(c.reloptions, ', '))
        from pg_class c
       where c.oid = ?::regclass
         and c.reloptions is not null
      """;

  private static final String INDEXES =
      """
      select replace(replace(pg_get_indexdef(i.indexrelid), 'ON ONLY', 'ON'), 'fanfare.', '') || ';'
        from pg_index i
        join pg_class c on c.oid = i.indexrelid
       where i.indrelid = ?::regclass
         and not exists (select from pg_constraint k where k.conindid = i.indexrelid)
       order by c.relname
      """;

  private static final String VIEWS =
      """
      select format(E'create view %s as\\n%s', c.relname, pg_get_viewdef(c.oid, true))
        from pg_class c
       where c.relnamespace = 'fanfare'::regnamespace
         and c.relkind = 'v'
       order by c.relname
      """;

  private static final String FUNCTIONS =
      """
      select replace(rtrim(pg_get_functiondef(p.oid), E'\\n'), 'fanfare.', '') || ';'
        from pg_proc p
       where p.pronamespace = 'fanfare'::regnamespace
       order by p.proname
      """;

  @Test
  void the_snapshot_matches_the_migrations() throws Exception {
    String migrated = schema();
    if (Boolean.getBoolean("fanfare.schema.write")) {
      Files.writeString(SNAPSHOT, migrated);
    }
    assertThat(stored())
        .as("schema.sql is out of date: run this test with -Dfanfare.schema.write=true")
        .isEqualTo(migrated);
  }

  private static String stored() throws IOException {
    return Files.exists(SNAPSHOT) ? Files.readString(SNAPSHOT) : "";
  }

  private static String schema() throws SQLException {
    StringBuilder sql =
        new StringBuilder(
            """
            -- The schema after all migrations, for reading and review; it is never executed. A test
            -- compares it with the migrations, and with -Dfanfare.schema.write=true rewrites it.
            """);
    try (TestDatabase home = MigratedDatabase.create();
        Connection connection = home.connect();
        Statement statement = connection.createStatement()) {
      statement.execute("set search_path to fanfare");
      texts(connection, TYPES).forEach(type -> sql.append('\n').append(type).append('\n'));
      for (String table : texts(connection, TABLES)) {
        sql.append('\n').append(table(connection, table));
      }
      texts(connection, VIEWS).forEach(view -> sql.append('\n').append(view).append('\n'));
      texts(connection, FUNCTIONS).forEach(each -> sql.append('\n').append(each).append('\n'));
    }
    return sql.toString();
  }

  private static String table(Connection connection, String table) throws SQLException {
    List<String> lines = texts(connection, COLUMNS, table);
    lines.addAll(texts(connection, CONSTRAINTS, table));
    StringBuilder sql = new StringBuilder("create table " + table + " (\n");
    sql.append(String.join(",\n", lines)).append("\n)");
    texts(connection, PARTITIONING, table).forEach(sql::append);
    texts(connection, OPTIONS, table).forEach(sql::append);
    sql.append(";\n");
    texts(connection, INDEXES, table).forEach(index -> sql.append(index).append('\n'));
    return sql.toString();
  }

  private static List<String> texts(Connection connection, String sql, String... parameters)
      throws SQLException {
    List<String> texts = new ArrayList<>();
    try (PreparedStatement statement = connection.prepareStatement(sql)) {
      for (int i = 0; i < parameters.length; i++) {
        statement.setString(i + 1, parameters[i]);
      }
      try (ResultSet result = statement.executeQuery()) {
        while (result.next()) {
          texts.add(result.getString(1));
        }
      }
    }
    return texts;
  }
}
