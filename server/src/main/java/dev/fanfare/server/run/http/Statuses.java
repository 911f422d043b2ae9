package dev.fanfare.server.run.http;

import dev.fanfare.protocol.RunStatus;
import dev.fanfare.server.http.Exchange;
import java.util.ArrayList;
import java.util.List;
import java.util.Map;

/**
 * The two vocabularies of run states: the current one for callers that name the API version of 2025
 * or later, the legacy one for plain REST and SDK 3. Clients know closed lists, so a word of the
 * other vocabulary breaks them.
 */
public enum Statuses {
  /** One word for each state. */
  CURRENT,
  /** Claimed counts as executing; waiting is frozen; an unknown task waits for its deployment. */
  LEGACY;

  private static final String VERSION_HEADER = "x-trigger-api-version";

  /** The vocabulary of a request. */
  public static Statuses of(Exchange exchange) {
    return exchange.header(VERSION_HEADER) == null ? LEGACY : CURRENT;
  }

  /** The word for a state. */
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

  /** Words of either vocabulary that are not states by their own name. */
  private static final Map<String, List<RunStatus>> LEGACY_WORDS =
      Map.of(
          "WAITING_FOR_DEPLOY", List.of(RunStatus.PENDING_VERSION),
          "REATTEMPTING", List.of(RunStatus.EXECUTING),
          "FROZEN", List.of(RunStatus.WAITING),
          "INTERRUPTED", List.of(RunStatus.FAILED));

  /** The states shown under these words; unknown words are added to {@code invalid}. */
  List<RunStatus> parse(List<String> words, List<String> invalid) {
    List<RunStatus> statuses = new ArrayList<>();
    for (String word : words) {
      if (LEGACY_WORDS.containsKey(word)) {
        statuses.addAll(LEGACY_WORDS.get(word));
      } else if (isStatus(word)) {
        statuses.add(RunStatus.valueOf(word));
        if (this == LEGACY && word.equals("EXECUTING")) {
          statuses.add(RunStatus.DEQUEUED); // shown as executing to this caller
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
