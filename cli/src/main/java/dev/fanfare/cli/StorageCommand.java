package dev.fanfare.cli;

import dev.fanfare.server.Administration;
import dev.fanfare.server.access.RetentionStore.EnvironmentRetention;
import dev.fanfare.server.config.Retention;
import dev.fanfare.server.storage.ReadStorage.Period;
import dev.fanfare.server.storage.ReadStorage.Storage;
import java.time.Duration;
import java.time.Instant;
import java.time.LocalDateTime;
import java.time.ZoneOffset;
import java.time.format.DateTimeFormatter;
import java.util.ArrayList;
import java.util.List;
import java.util.Locale;
import java.util.concurrent.Callable;
import org.jspecify.annotations.Nullable;
import picocli.CommandLine.Command;
import picocli.CommandLine.Mixin;

/** {@code fanfare storage}: how much space the runs take, and what will be dropped when. */
@Command(
    name = "storage",
    description = {
      "Shows how much space the runs take, when they will be dropped, and how long each environment"
          + " keeps its runs."
    },
    subcommands = RetentionCommand.class)
final class StorageCommand implements Callable<Integer> {
  private static final DateTimeFormatter DAY =
      DateTimeFormatter.ofPattern("yyyy-MM-dd", Locale.ROOT);
  private static final DateTimeFormatter SECOND =
      DateTimeFormatter.ofPattern("yyyy-MM-dd HH:mm:ss", Locale.ROOT);

  @Mixin private final Terminal terminal = new Terminal();

  @Override
  public Integer call() {
    Storage storage;
    try (Administration administration = Administration.open(terminal.settings("warn").config())) {
      storage = administration.storage();
    }
    Instant now = storage.now();
    List<Period> periods = storage.periods();
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("CREATED FROM", "TO", "RUNS", "SIZE", "AGE", "DROPPED"));
    for (Period period : periods) {
      rows.add(
          List.of(
              time(period.from(), "the beginning"),
              time(period.to(), "the end"),
              "~" + period.runs(),
              size(period.bytes()),
              age(period.to(), now),
              dropped(period, now)));
    }
    rows.add(
        List.of(
            "all",
            "",
            "~" + periods.stream().mapToLong(Period::runs).sum(),
            size(periods.stream().mapToLong(Period::bytes).sum()),
            "",
            ""));
    Table.lines(rows).forEach(terminal.out()::println);
    terminal.out().println();
    Table.lines(retentions(storage)).forEach(terminal.out()::println);
    return ExitStatus.OK;
  }

  private static List<List<String>> retentions(Storage storage) {
    List<List<String>> rows = new ArrayList<>();
    rows.add(List.of("ENVIRONMENT", "RETENTION", "FROM"));
    for (EnvironmentRetention environment : storage.environments()) {
      Retention own = environment.own();
      rows.add(
          own == null
              ? List.of(environment.slug(), storage.ofServers().text(), "FANFARE_RETENTION")
              : List.of(environment.slug(), own.text(), "'storage retention'"));
    }
    return rows;
  }

  private static String time(@Nullable Instant time, String none) {
    if (time == null) {
      return none;
    }
    LocalDateTime utc = LocalDateTime.ofInstant(time, ZoneOffset.UTC);
    boolean midnight = utc.toLocalTime().toSecondOfDay() == 0;
    return (midnight ? DAY : SECOND).format(utc);
  }

  /** How old the youngest run of a period is at least. */
  private static String age(@Nullable Instant to, Instant now) {
    if (to == null || to.isAfter(now)) {
      return "";
    }
    Duration age = Duration.between(to, now);
    return age.toDays() > 0 ? age.toDays() + "d" : age.toHours() + "h";
  }

  private static String dropped(Period period, Instant now) {
    if (period.remainder()) {
      return "left of dropped ones";
    }
    Instant time = period.dropAt();
    if (time == null) {
      return "";
    }
    return time.isAfter(now) ? "after " + time(time, "") : "now";
  }

  private static String size(long bytes) {
    String[] units = {"B", "KiB", "MiB", "GiB", "TiB"};
    double size = bytes;
    int unit = 0;
    while (size >= 1024 && unit < units.length - 1) {
      size /= 1024;
      unit++;
    }
    return String.format(Locale.ROOT, unit == 0 ? "%.0f %s" : "%.1f %s", size, units[unit]);
  }
}
