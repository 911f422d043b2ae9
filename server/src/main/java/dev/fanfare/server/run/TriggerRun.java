package dev.fanfare.server.run;

import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.access.UsedTokenStore;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashSet;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import org.jspecify.annotations.Nullable;

/**
 * Triggers single runs, each a call of its own. Calls that come at once share a transaction, see
 * {@link GroupCommit}: seven round trips for all of them. Each is answered as if it had been alone.
 */
public final class TriggerRun {
  /** More than callers have connections open, usually; a bound on how long one commit can take. */
  private static final int GROUP_MAX = 250;

  private final Database database;
  private final Signals signals;
  private final InstantSource clock;
  private final PlaceRuns place;
  private final TriggerRuns trigger;
  private final RequestKeyStore requests = new RequestKeyStore();
  private final UsedTokenStore usedTokens = new UsedTokenStore();
  private final GroupCommit<Line, Member> groups =
      new GroupCommit<>(GROUP_MAX, this::commit, TriggerRun::fail);

  public TriggerRun(
      Database database,
      Signals signals,
      InstantSource clock,
      PlaceRuns place,
      TriggerRuns trigger) {
    this.database = database;
    this.signals = signals;
    this.clock = clock;
    this.place = place;
    this.trigger = trigger;
  }

  /** What the runs of one statement have in common. */
  private record Line(int environmentId, Source source) {}

  private record Member(
      NewRun run,
      @Nullable Hash requestKey,
      @Nullable OneTimeToken token,
      CompletableFuture<TriggeredRun> answer) {}

  /**
   * Stores the run and returns when it is durable.
   *
   * @param requestKey hash of what marks a repeated request; absent: the client sends no such mark
   * @param token what a new run uses up; absent: nothing
   */
  public TriggeredRun trigger(
      int environmentId,
      NewRun run,
      Source source,
      @Nullable Hash requestKey,
      @Nullable OneTimeToken token) {
    Member member = new Member(run, requestKey, token, new CompletableFuture<>());
    groups.join(new Line(environmentId, source), member);
    try {
      return member.answer().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /**
   * A request that is sent again while its first sending waits beside it comes after it, and so
   * does a one-time token.
   */
  private void commit(Line line, List<Member> group) {
    Set<Hash> keys = new HashSet<>();
    Set<OneTimeToken> tokens = new HashSet<>();
    List<Member> first = new ArrayList<>(group.size());
    List<Member> again = new ArrayList<>();
    for (Member member : group) {
      boolean newKey = member.requestKey() == null || keys.add(member.requestKey());
      boolean newToken = member.token() == null || tokens.add(member.token());
      (newKey && newToken ? first : again).add(member);
    }
    store(line, first);
    if (!again.isEmpty()) {
      commit(line, again);
    }
  }

  /** Answers every member, with a run or with its failure. */
  private void store(Line line, List<Member> members) {
    List<TriggeredRun> runs;
    try {
      runs = storeAll(line, members);
    } catch (AnsweredBefore e) {
      storeOthers(line, members, e.runIds);
      return;
    } catch (UsedBefore e) {
      storeUnused(line, members, e.tokens);
      return;
    } catch (Throwable e) {
      storeApart(line, members, e);
      return;
    }
    signals.ready(line.environmentId());
    for (int i = 0; i < members.size(); i++) {
      members.get(i).answer().complete(runs.get(i));
    }
  }

  /** Some are repetitions of what was answered before: nothing was stored, and now without them. */
  private void storeOthers(Line line, List<Member> members, Map<Hash, UUID> runIds) {
    List<Member> others = new ArrayList<>(members.size());
    for (Member member : members) {
      UUID before = member.requestKey() == null ? null : runIds.get(member.requestKey());
      if (before == null) {
        others.add(member);
      } else {
        member.answer().complete(new TriggeredRun(before, false, false));
      }
    }
    if (!others.isEmpty()) {
      store(line, others);
    }
  }

  /** Some come with tokens that are used up: nothing was stored, and now without them. */
  private void storeUnused(Line line, List<Member> members, Set<OneTimeToken> used) {
    List<Member> others = new ArrayList<>(members.size());
    for (Member member : members) {
      if (member.token() == null || !used.contains(member.token())) {
        others.add(member);
      } else {
        member
            .answer()
            .completeExceptionally(OneTimeToken.alreadyUsed("trigger " + member.run().task()));
      }
    }
    if (!others.isEmpty()) {
      store(line, others);
    }
  }

  /**
   * A member whose run cannot be stored must not take the others with it: each half by itself, down
   * to the one. When the database is away that would only repeat the wait, and when a commit got no
   * answer it could store twice.
   */
  private void storeApart(Line line, List<Member> members, Throwable failure) {
    boolean away = failure instanceof DatabaseException e && e.isUnavailable();
    if (members.size() == 1 || away || failure instanceof Error) {
      fail(members, failure);
      return;
    }
    int half = members.size() / 2;
    store(line, members.subList(0, half));
    store(line, members.subList(half, members.size()));
  }

  private static void fail(List<Member> members, Throwable failure) {
    members.forEach(member -> member.answer().completeExceptionally(failure));
  }

  private List<TriggeredRun> storeAll(Line line, List<Member> members) {
    List<PlacedRun> placed =
        place.place(
            line.environmentId(), members.stream().map(Member::run).toList(), Refused.ALONE);
    return database.transaction(tx -> store(tx, line, members, placed, clock.instant()));
  }

  private List<TriggeredRun> store(
      Tx tx, Line line, List<Member> members, List<PlacedRun> placed, Instant now) {
    List<TriggeredRun> runs =
        trigger.trigger(tx, line.environmentId(), null, 0, line.source(), now, placed);
    Map<Hash, UUID> answers = new LinkedHashMap<>();
    for (int i = 0; i < members.size(); i++) {
      Hash key = members.get(i).requestKey();
      if (key != null) {
        answers.put(key, runs.get(i).runId());
      }
    }
    if (!answers.isEmpty()) {
      Map<Hash, UUID> before = requests.claim(tx, line.environmentId(), answers, now);
      if (!before.isEmpty()) {
        throw new AnsweredBefore(before);
      }
    }
    spendTokens(tx, line.environmentId(), members, runs);
    return runs;
  }

  private void spendTokens(
      Tx tx, int environmentId, List<Member> members, List<TriggeredRun> runs) {
    List<OneTimeToken> spent = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      OneTimeToken token = members.get(i).token();
      if (token != null && !runs.get(i).cached()) {
        spent.add(token);
      }
    }
    if (!spent.isEmpty()) {
      Set<OneTimeToken> before = usedTokens.spend(tx, environmentId, spent);
      if (!before.isEmpty()) {
        throw new UsedBefore(before);
      }
    }
  }

  /** Rolls back runs that repeated requests would have made a second time. */
  private static final class AnsweredBefore extends RuntimeException {
    private final transient Map<Hash, UUID> runIds;

    AnsweredBefore(Map<Hash, UUID> runIds) {
      super(null, null, false, false);
      this.runIds = runIds;
    }
  }

  /** Rolls back runs that were triggered with tokens that are used up. */
  private static final class UsedBefore extends RuntimeException {
    private final transient Set<OneTimeToken> tokens;

    UsedBefore(Set<OneTimeToken> tokens) {
      super(null, null, false, false);
      this.tokens = tokens;
    }
  }
}
