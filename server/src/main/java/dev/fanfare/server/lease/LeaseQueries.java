package dev.fanfare.server.lease;

/** SQL that finds the environments whose leases or sessions need something. */
final class LeaseQueries {
  /** The environments in which workers hold runs. */
  static final String HELD =
      """
      select e.environment_id, now() as at
        from environments e
       cross join lateral (
               select true as found
                 from leases x
                where x.environment_id = e.environment_id
                limit 1) as d
      """;

  /**
   * When the first worker of each environment has to be told of a cancel: when its run was
   * canceled, and some time after each response that told it.
   */
  static final String CANCELED =
      """
      select e.environment_id, l.at
        from environments e
       cross join lateral (
               select min(coalesce(x.told_at + interval '5 s', x.canceled_at)) as at
                 from leases x
                where x.environment_id = e.environment_id
                  and x.canceled_at is not null) as l
       where l.at is not null
      """;

  /** When the first session of each environment may lapse. */
  static final String LAPSING =
      """
      select environment_id, min(coalesce(lapsed_at, expires_at)) as at
        from sessions
       group by environment_id
      """;

  /** The environments with workers and ready runs, which may be of tasks that none has declared. */
  static final String UNDECLARED =
      """
      select e.environment_id, now() as at
        from environments e
       cross join lateral (
               select true as found
                 from sessions x
                where x.environment_id = e.environment_id
                limit 1) as s
       cross join lateral (
               select true as found
                 from ready x
                where x.environment_id = e.environment_id
                limit 1) as r
      """;

  /** The environments with ready runs. */
  static final String READY =
      """
      select e.environment_id, now() as at
        from environments e
       cross join lateral (
               select true as found
                 from ready x
                where x.environment_id = e.environment_id
                limit 1) as r
      """;

  private LeaseQueries() {}
}
