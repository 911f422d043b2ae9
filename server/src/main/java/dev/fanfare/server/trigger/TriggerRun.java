package dev.fanfare.server.trigger;

import dev.fanfare.server.access.OneTimeToken;
import dev.fanfare.server.access.UsedTokenStore;
import dev.fanfare.server.component.Resources;
import dev.fanfare.server.db.Database;
import dev.fanfare.server.db.DatabaseException;
import dev.fanfare.server.db.Signals;
import dev.fanfare.server.db.Tx;
import dev.fanfare.server.result.Refusal;
import dev.fanfare.server.result.Result;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.AssignLanes.Assigned;
import dev.fanfare.server.trigger.CreateRuns.Origin;
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
 * Triggers single runs. Concurrent calls share a transaction (see {@link GroupCommit}): five round
 * trips for a whole group without options. Each call returns what it would return alone.
 * Thread-safe.
 */
public final class TriggerRun {
  /** Bounds how long one transaction can take; rarely reached. */
  private static final int GROUP_MAX = 250;

  private final Database database;
  private final Signals signals;
  private final InstantSource clock;
  private final AssignLanes assignLanes;
  private final CreateRuns createRuns;
  private final RequestKeyStore requestKeys = new RequestKeyStore();
  private final UsedTokenStore usedTokens = new UsedTokenStore();
  private final GroupCommit<Group, Member> groups =
      new GroupCommit<>(GROUP_MAX, this::commit, TriggerRun::fail);

  TriggerRun(Resources resources, AssignLanes assignLanes, CreateRuns createRuns) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.clock = resources.clock();
    this.assignLanes = assignLanes;
    this.createRuns = createRuns;
  }

  /** Calls with the same environment and source share transactions. */
  private record Group(int environmentId, Source source) {}

  private record Member(
      NewRun run,
      @Nullable Hash requestKey,
      @Nullable OneTimeToken token,
      CompletableFuture<Result<TriggeredRun>> result) {

    void complete(TriggeredRun run) {
      result.complete(Result.of(run));
    }

    void refuse(Refusal refusal) {
      result.complete(Result.refused(refusal));
    }
  }

  /**
   * Stores the run. Once this returns, the run is durable.
   *
   * @param requestKey identifies a repeated request; absent: every request is a new one
   * @param token the one-time token that a new run uses up; absent: none
   */
  public Result<TriggeredRun> trigger(
      int environmentId,
      NewRun run,
      Source source,
      @Nullable Hash requestKey,
      @Nullable OneTimeToken token) {
    Member member = new Member(run, requestKey, token, new CompletableFuture<>());
    groups.join(new Group(environmentId, source), member);
    try {
      return member.result().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /**
   * Stores the members of a group. Members with a request key or token of an earlier member are
   * stored afterwards, so that they find what that member stored.
   */
  private void commit(Group group, List<Member> members) {
    Set<Hash> keys = new HashSet<>();
    Set<OneTimeToken> tokens = new HashSet<>();
    List<Member> distinct = new ArrayList<>(members.size());
    List<Member> repeated = new ArrayList<>();
    for (Member member : members) {
      boolean newKey = member.requestKey() == null || keys.add(member.requestKey());
      boolean newToken = member.token() == null || tokens.add(member.token());
      (newKey && newToken ? distinct : repeated).add(member);
    }
    store(group, distinct);
    if (!repeated.isEmpty()) {
      commit(group, repeated);
    }
  }

  /** Completes every member with a run, a refusal, or the failure of its transaction. */
  private void store(Group group, List<Member> members) {
    try {
      List<NewRun> requested = members.stream().map(Member::run).toList();
      Assigned assigned = assignLanes.assign(group.environmentId(), requested, OnRejection.SKIP);
      List<Member> accepted = new ArrayList<>(members.size());
      for (int i = 0; i < members.size(); i++) {
        String reason = assigned.rejected().get(i);
        if (reason == null) {
          accepted.add(members.get(i));
        } else {
          members.get(i).refuse(Refusal.unprocessable(reason));
        }
      }
      if (!accepted.isEmpty()) {
        create(group, accepted, assigned.placed());
      }
    } catch (Throwable e) {
      storeApart(group, members.stream().filter(m -> !m.result().isDone()).toList(), e);
    }
  }

  private void create(Group group, List<Member> members, List<PlacedRun> placed) {
    List<TriggeredRun> created;
    try {
      created =
          database.transaction(
              group.environmentId(),
              tx -> create(tx, group.source(), clock.instant(), members, placed));
    } catch (RepeatedRequests e) {
      storeUnrepeated(group, members, e.runIds);
      return;
    } catch (UsedTokens e) {
      storeUnused(group, members, e.tokens);
      return;
    }
    signals.ready(group.environmentId());
    for (int i = 0; i < members.size(); i++) {
      members.get(i).complete(created.get(i));
    }
  }

  private List<TriggeredRun> create(
      Tx tx, Source source, Instant now, List<Member> members, List<PlacedRun> placed) {
    List<TriggeredRun> created = createRuns.create(tx, Origin.single(source, now), placed);
    Map<Hash, UUID> runIds = new LinkedHashMap<>();
    for (int i = 0; i < members.size(); i++) {
      Hash key = members.get(i).requestKey();
      if (key != null) {
        runIds.put(key, created.get(i).runId());
      }
    }
    if (!runIds.isEmpty()) {
      Map<Hash, UUID> before = requestKeys.claim(tx, runIds, now);
      if (!before.isEmpty()) {
        throw new RepeatedRequests(before);
      }
    }
    spendTokens(tx, members, created);
    return created;
  }

  private void spendTokens(Tx tx, List<Member> members, List<TriggeredRun> created) {
    List<OneTimeToken> spent = new ArrayList<>();
    for (int i = 0; i < members.size(); i++) {
      OneTimeToken token = members.get(i).token();
      if (token != null && !created.get(i).cached()) {
        spent.add(token);
      }
    }
    if (!spent.isEmpty()) {
      Set<OneTimeToken> used = usedTokens.spend(tx, spent);
      if (!used.isEmpty()) {
        throw new UsedTokens(used);
      }
    }
  }

  /** After a rollback: completes the repeated requests and stores the others. */
  private void storeUnrepeated(Group group, List<Member> members, Map<Hash, UUID> runIds) {
    List<Member> others = new ArrayList<>(members.size());
    for (Member member : members) {
      UUID before = member.requestKey() == null ? null : runIds.get(member.requestKey());
      if (before == null) {
        others.add(member);
      } else {
        member.complete(new TriggeredRun(before, false, false));
      }
    }
    if (!others.isEmpty()) {
      store(group, others);
    }
  }

  /** After a rollback: refuses the members whose tokens are used up and stores the others. */
  private void storeUnused(Group group, List<Member> members, Set<OneTimeToken> used) {
    List<Member> others = new ArrayList<>(members.size());
    for (Member member : members) {
      if (member.token() == null || !used.contains(member.token())) {
        others.add(member);
      } else {
        member.refuse(OneTimeToken.alreadyUsed("trigger " + member.run().task()));
      }
    }
    if (!others.isEmpty()) {
      store(group, others);
    }
  }

  /**
   * Stores each half of a failed group separately, down to single members, so that one run that
   * cannot be stored does not fail the others. It does not when the database is unavailable: each
   * half would wait again, and a commit whose confirmation was lost would be stored twice.
   */
  private void storeApart(Group group, List<Member> members, Throwable failure) {
    boolean unavailable = failure instanceof DatabaseException e && e.isUnavailable();
    if (members.size() <= 1 || unavailable || failure instanceof Error) {
      fail(members, failure);
      return;
    }
    int half = members.size() / 2;
    store(group, members.subList(0, half));
    store(group, members.subList(half, members.size()));
  }

  private static void fail(List<Member> members, Throwable failure) {
    members.forEach(member -> member.result().completeExceptionally(failure));
  }

  /** Rolls back a transaction in which repeated requests created runs again. */
  private static final class RepeatedRequests extends RuntimeException {
    private final transient Map<Hash, UUID> runIds;

    RepeatedRequests(Map<Hash, UUID> runIds) {
      super(null, null, false, false);
      this.runIds = runIds;
    }
  }

  /** Rolls back a transaction in which used-up tokens created runs. */
  private static final class UsedTokens extends RuntimeException {
    private final transient Set<OneTimeToken> tokens;

    UsedTokens(Set<OneTimeToken> tokens) {
      super(null, null, false, false);
      this.tokens = tokens;
    }
  }
}
