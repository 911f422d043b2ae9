package dev.fanfare.server.run.http;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.http.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The two vocabularies of run statuses: the current one for callers that send an API version (2025
 * or later), and the legacy one for plain REST and SDK 3. Clients parse closed lists, so a word of
 * the other vocabulary breaks them.
 */
public enum Statuses {
  /** One word for each status. */
  CURRENT,
  /** DEQUEUED is shown as EXECUTING; WAITING and PENDING_VERSION have older names. */
  LEGACY;

  private static final String VERSION_HEADER = "x-trigger-api-version";

  /** The vocabulary of a request. */
  public static Statuses of(Exchange exchange) {
    return exchange.header(VERSION_HEADER) == null ? LEGACY : CURRENT;
  }

  /** The word for a status. */
  public String word(RunStatus status) {
    if (this == CURRENT) {
      return status.name();
    }
    return switch (status) {
      case PENDING_VERSION -> "WAITING_FOR_DEPLOY";
      case DEQUEUED -> "EXECUTING";
      case WAITING -> "FROZEN";
      default -> status.name();
    };
  }

  /** Legacy words that are not names of statuses. */
  private static final Map<String, List<RunStatus>> LEGACY_WORDS =
      Map.of(
          "WAITING_FOR_DEPLOY", List.of(RunStatus.PENDING_VERSION),
          "REATTEMPTING", List.of(RunStatus.EXECUTING),
          "FROZEN", List.of(RunStatus.WAITING),
          "INTERRUPTED", List.of(RunStatus.FAILED));

  /** The statuses that these words select; unknown words are added to {@code invalid}. */
  List<RunStatus> parse(List<String> words, List<String> invalid) {
    List<RunStatus> statuses = new ArrayList<>();
    for (String word : words) {
      if (LEGACY_WORDS.containsKey(word)) {
        statuses.addAll(LEGACY_WORDS.get(word));
      } else if (isStatus(word)) {
        statuses.add(RunStatus.valueOf(word));
        if (this == LEGACY && word.equals("EXECUTING")) {
          statuses.add(RunStatus.DEQUEUED); // the legacy vocabulary shows it as EXECUTING
        }
      } else {
        invalid.add(word);
      }
    }
    return statuses;
  }

  private static boolean isStatus(String word) {
    for (RunStatus status : RunStatus.values()) {
      if (status.name().equals(word)) {
        return true;
      }
    }
    return false;
  }
}
