package dev.fanfare.bench.baseline;

import java.sql.Connection;
import java.sql.SQLException;
import java.sql.Statement;

/** The tables of the baseline. */
public final class BaselineTables {
  private BaselineTables() {}

  /** Creates the tables in the schema {@code baseline}. */
  public static void create(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          """
          create schema baseline;

          create table baseline.runs (
            run_id      uuid        primary key,
            batch_id    uuid        not null,
            batch_index int         not null,
            task_id     int         not null,
            created_at  timestamptz not null,
            payload     text        not null
          );
          create index on baseline.runs (task_id, run_id);
          create index on baseline.runs (batch_id, batch_index);

          create table baseline.ready (
            rank   bigint not null,
            run_id uuid   not null,
            primary key (rank, run_id)
          ) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

          create table baseline.leases (
            run_id     uuid        primary key,
            session_id int         not null,
            claimed_at timestamptz not null
          ) with (autovacuum_vacuum_scale_factor = 0.01, autovacuum_vacuum_cost_delay = 0);

          create table baseline.outcomes (
            run_id      uuid        primary key,
            status      text        not null,
            output      text,
            finished_at timestamptz not null
          );
          """);
    }
  }

  /** Empties the tables. */
  public static void truncate(Connection connection) throws SQLException {
    try (Statement statement = connection.createStatement()) {
      statement.execute(
          "truncate baseline.runs, baseline.ready, baseline.leases, baseline.outcomes");
    }
  }
}
