package dev.fanfare.server.run.http;

import dev.fanfare.protocol.Limits;
import dev.fanfare.protocol.PublicId;
import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.http.Exchange;
import dev.fanfare.server.http.HttpError;
import dev.fanfare.server.http.RequestTexts;
import dev.fanfare.server.run.RunFilter;
import dev.fanfare.server.text.Durations;
import java.time.DateTimeException;
import java.time.Duration;
import java.time.Instant;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.List;
import java.util.UUID;
import org.jspecify.annotations.Nullable;

/**
 * The query parameters of a list of runs.
 *
 * @param size the number of runs on a page
 * @param after the last run of the page before; absent with {@code before}: the first page
 * @param before the first run of the page after; when present, {@code after} is absent
 */
public record ListQuery(RunFilter filter, int size, @Nullable UUID after, @Nullable UUID before) {
  private static final int SIZE_DEFAULT = 25;
  private static final String PERIOD = "filter[createdAt][period]";

  /** Filters by attributes that no run has. */
  private static final List<String> MATCHING_NONE =
      List.of("filter[schedule]", "filter[bulkAction]", "filter[error]");

  private static final Instant EARLIEST = Instant.parse("0001-01-01T00:00:00Z");
  private static final Instant LATEST = Instant.parse("9999-12-31T23:59:59Z");

  /** Reads the query parameters of a request. */
  public static ListQuery of(Exchange exchange, Statuses statuses, int sizeMax, Instant now) {
    UUID before = cursor(exchange, "page[before]");
    return new ListQuery(
        filter(exchange, statuses, now),
        size(exchange, sizeMax),
        before == null ? cursor(exchange, "page[after]") : null,
        before);
  }

  private static RunFilter filter(Exchange exchange, Statuses statuses, Instant now) {
    String batch = exchange.query("filter[batch]");
    return new RunFilter(
        statuses(exchange, statuses),
        list(exchange, "filter[taskIdentifier]"),
        list(exchange, "filter[tag]"),
        list(exchange, "filter[queue]"),
        list(exchange, "filter[version]"),
        machines(exchange),
        list(exchange, "filter[region]"),
        MATCHING_NONE.stream().anyMatch(name -> !list(exchange, name).isEmpty()),
        batch == null ? null : batch(batch),
        flag(exchange, "filter[isTest]"),
        from(exchange, now),
        time(exchange, "filter[createdAt][to]"));
  }

  private static UUID batch(String id) {
    UUID batch = PublicId.parse(PublicId.BATCH, id);
    if (batch == null) {
      throw HttpError.query("filter[batch]", "Invalid batch id");
    }
    return batch;
  }

  private static List<String> machines(Exchange exchange) {
    List<String> machines = list(exchange, "filter[machine]");
    if (!Limits.MACHINES.containsAll(machines)) {
      throw HttpError.query("filter[machine]", "Invalid machine values");
    }
    return machines;
  }

  private static List<RunStatus> statuses(Exchange exchange, Statuses statuses) {
    List<String> invalid = new ArrayList<>();
    List<RunStatus> parsed = statuses.parse(list(exchange, "filter[status]"), invalid);
    if (!invalid.isEmpty()) {
      throw HttpError.query(
          "filter[status]", "Invalid status values: " + String.join(", ", invalid));
    }
    return parsed;
  }

  private static List<String> list(Exchange exchange, String name) {
    String value = exchange.query(name);
    if (value == null) {
      return List.of();
    }
    RequestTexts.storable(name, value);
    return Arrays.stream(value.split(",")).map(String::strip).filter(v -> !v.isEmpty()).toList();
  }

  private static @Nullable Boolean flag(Exchange exchange, String name) {
    String value = exchange.query(name);
    if (value == null) {
      return null;
    }
    return switch (value) {
      case "true" -> true;
      case "false" -> false;
      default -> throw HttpError.query(name, "Must be true or false");
    };
  }

  private static @Nullable Instant from(Exchange exchange, Instant now) {
    String period = exchange.query(PERIOD);
    if (period == null) {
      return time(exchange, "filter[createdAt][from]");
    }
    Duration duration = Durations.duration(period);
    if (duration == null || duration.compareTo(Duration.ofDays(36_500)) > 0) {
      throw HttpError.query(PERIOD, "Must be a duration such as 1h or 7d");
    }
    return now.minus(duration);
  }

  private static @Nullable Instant time(Exchange exchange, String name) {
    String value = exchange.query(name);
    if (value == null) {
      return null;
    }
    Instant time = null;
    try {
      time =
          value.matches("-?\\d{1,15}")
              ? Instant.ofEpochMilli(Long.parseLong(value))
              : Durations.date(value);
    } catch (DateTimeException e) {
      // rejected below
    }
    if (time == null || time.isBefore(EARLIEST) || time.isAfter(LATEST)) {
      throw HttpError.query(name, "Must be milliseconds since 1970 or an ISO date");
    }
    return time;
  }

  private static int size(Exchange exchange, int max) {
    String value = exchange.query("page[size]");
    if (value == null) {
      return Math.min(SIZE_DEFAULT, max);
    }
    int size = value.matches("\\d{1,6}") ? Integer.parseInt(value) : 0;
    if (size < 1 || size > max) {
      throw HttpError.query("page[size]", "Must be an integer from 1 to " + max);
    }
    return size;
  }

  private static @Nullable UUID cursor(Exchange exchange, String name) {
    String value = exchange.query(name);
    if (value == null || value.isEmpty()) {
      return null;
    }
    UUID run = PublicId.parse(PublicId.RUN, value);
    if (run == null) {
      throw HttpError.query(name, "Must be a cursor from pagination.next or pagination.previous");
    }
    return run;
  }
}
