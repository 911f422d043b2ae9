package dev.fanfare.bench.bare;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** The tables of the limits. */
public final class BareTables {
  private BareTables() {}

  /** Makes them, in a schema of their own. */
  public static void create(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create schema bare;

          create table bare.runs (
            run_id      uuid        primary key,
            batch_id    uuid        not null,
            batch_index int         not null,
            task_id     int         not null,
            created_at  timestamptz not null,
            payload     text        not null
          );
          create index on bare.runs (task_id, run_id);
          create index on bare.runs (batch_id, batch_index);

          create table bare.ready (
            rank   bigint not null,
            run_id uuid   not null,
            primary key (rank, run_id)
          ) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

          create table bare.leases (
            run_id     uuid        primary key,
            session_id int         not null,
            claimed_at timestamptz not null
          ) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

          create table bare.outcomes (
            run_id      uuid        primary key,
            status      text        not null,
            output      text,
            finished_at timestamptz not null
          );
          """);
    }
  }

  /** Empties them. */
  public static void truncate(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute("truncate bare.runs, bare.ready, bare.leases, bare.outcomes");
    }
  }
}
