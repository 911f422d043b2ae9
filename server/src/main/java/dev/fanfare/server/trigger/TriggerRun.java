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
import dev.fanfare.server.run.HandOver;
import dev.fanfare.server.run.HandOver.Reservation;
import dev.fanfare.server.run.NewRun;
import dev.fanfare.server.run.Source;
import dev.fanfare.server.text.Hash;
import dev.fanfare.server.trigger.AssignLanes.Assigned;
import dev.fanfare.server.trigger.CreateRuns.Origin;
import dev.fanfare.server.trigger.RequestKeyStore.Answer;
import java.time.Instant;
import java.time.InstantSource;
import java.util.ArrayList;
import java.util.HashMap;
import java.util.HashSet;
import java.util.Iterator;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.Set;
import java.util.UUID;
import java.util.concurrent.CompletableFuture;
import java.util.concurrent.CompletionException;
import java.util.stream.IntStream;
import org.jspecify.annotations.Nullable;

/**
 * Triggers single runs. Concurrent calls share a transaction (see {@link GroupCommit}): one round
 * trip for a whole group without options. Each call returns what it would return alone.
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
  private final HandOver handOver;
  private final RequestKeyStore requestKeys = new RequestKeyStore();
  private final UsedTokenStore usedTokens = new UsedTokenStore();
  private final GroupCommit<Group, Member> groups =
      new GroupCommit<>(GROUP_MAX, this::commit, TriggerRun::fail);

  TriggerRun(
      Resources resources, AssignLanes assignLanes, CreateRuns createRuns, HandOver handOver) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.clock = resources.clock();
    this.assignLanes = assignLanes;
    this.createRuns = createRuns;
    this.handOver = handOver;
  }

  /** Calls with the same environment, source and risk share transactions. */
  private record Group(int environmentId, Source source, Risk risk) {
    static Group of(int environmentId, Source source, Member member) {
      return new Group(environmentId, source, Risk.of(member));
    }
  }

  /** What a call may do to those that share its transaction. */
  private enum Risk {
    NONE,
    /** It may wait for a row that another transaction has locked. */
    WAITS,
    /** Its one-time token may be used up, which rolls the transaction back. It may also wait. */
    ROLLS_BACK;

    static Risk of(Member member) {
      NewRun run = member.run();
      if (member.token() != null) {
        return ROLLS_BACK;
      }
      boolean waits = run.key() != null || run.debounce() != null || run.parent() != null;
      return waits ? WAITS : NONE;
    }
  }

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

    /** Completes this member, which repeats the request of {@code first}, as that one. */
    void follow(Member first) {
      CompletableFuture<?> _ =
          first
              .result()
              .whenComplete((answer, failure) -> {
                if (answer instanceof Result.Success<TriggeredRun>(TriggeredRun run)) {
                  complete(new TriggeredRun(run.runId(), run.cached(), false));
                } else if (answer != null) {
                  result.complete(answer);
                } else {
                  result.completeExceptionally(failure);
                }
              });
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
    groups.join(Group.of(environmentId, source, member), member);
    try {
      return member.result().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /** Stores the members of a group. Repeated requests get the response of the first. */
  private void commit(Group group, List<Member> members) {
    Map<Hash, Member> firsts = new HashMap<>();
    List<Member> distinct = new ArrayList<>(members.size());
    for (Member member : members) {
      Hash key = member.requestKey();
      Member first = key == null ? null : firsts.putIfAbsent(key, member);
      if (first == null) {
        distinct.add(member);
      } else {
        member.follow(first);
      }
    }
    store(group, distinct);
  }

  /** Completes every member with a run, a refusal, or the failure of its transaction. */
  private void store(Group group, List<Member> members) {
    try {
      assignLanes.retrying(group.environmentId(), () -> assignAndCreate(group, members));
    } catch (Throwable e) {
      storeApart(group, members.stream().filter(m -> !m.result().isDone()).toList(), e);
    }
  }

  private boolean assignAndCreate(Group group, List<Member> members) {
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
    return true;
  }

  private void create(Group group, List<Member> members, List<PlacedRun> placed) {
    // A poll must not wait for a transaction that may wait itself.
    Reservation poll =
        group.risk() == Risk.NONE
            ? handOver.reserve(group.environmentId(), PlacedRun.lanes(placed))
            : Reservation.NONE;
    List<TriggeredRun> created;
    int queued;
    try {
      created =
          database.transaction(
              group.environmentId(),
              tx -> create(tx, group.source(), clock.instant(), members, placed, poll));
      queued = placed.size() - poll.committed();
    } catch (UsedTokens e) {
      storeUnused(group, members, e.refused);
      return;
    } catch (Throwable e) {
      poll.failed(e);
      throw e;
    }
    if (queued > 0) {
      signals.ready(group.environmentId(), PlacedRun.taskIds(placed), queued);
    }
    for (int i = 0; i < members.size(); i++) {
      members.get(i).complete(created.get(i));
    }
  }

  private List<TriggeredRun> create(
      Tx tx,
      Source source,
      Instant now,
      List<Member> members,
      List<PlacedRun> placed,
      Reservation poll) {
    poll.begin();
    List<UUID> runIds = createRuns.newIds(members.size());
    Map<Hash, UUID> keys = new LinkedHashMap<>();
    for (int i = 0; i < members.size(); i++) {
      Hash key = members.get(i).requestKey();
      if (key != null) {
        keys.put(key, runIds.get(i));
      }
    }
    Map<Hash, Answer> before = keys.isEmpty() ? Map.of() : requestKeys.claim(tx, keys, now);
    List<Integer> unrepeated =
        IntStream.range(0, members.size())
            .filter(i -> answer(before, members.get(i)) == null)
            .boxed()
            .toList();
    List<TriggeredRun> created =
        unrepeated.isEmpty()
            ? List.of()
            : createRuns.create(
                tx,
                Origin.single(source, now),
                unrepeated.stream().map(placed::get).toList(),
                unrepeated.stream().map(runIds::get).toList(),
                poll);
    List<Member> creators = unrepeated.stream().map(members::get).toList();
    noteOlderAnswers(tx, creators, created);
    spendTokens(tx, creators, created);
    Iterator<TriggeredRun> next = created.iterator();
    List<TriggeredRun> answers = new ArrayList<>(members.size());
    for (Member member : members) {
      Answer first = answer(before, member);
      answers.add(
          first == null ? next.next() : new TriggeredRun(first.id(), first.cached(), false));
    }
    return answers;
  }

  private static @Nullable Answer answer(Map<Hash, Answer> before, Member member) {
    Hash key = member.requestKey();
    return key == null ? null : before.get(key);
  }

  /** Stores the answers of requests that older runs answered, as those of their keys. */
  private void noteOlderAnswers(Tx tx, List<Member> members, List<TriggeredRun> answers) {
    Map<Hash, Answer> older = new LinkedHashMap<>();
    for (int i = 0; i < members.size(); i++) {
      Hash key = members.get(i).requestKey();
      TriggeredRun answer = answers.get(i);
      if (key != null && !answer.created()) {
        older.put(key, new Answer(answer.runId(), answer.cached(), List.of()));
      }
    }
    if (!older.isEmpty()) {
      requestKeys.change(tx, older);
    }
  }

  /** Uses up the tokens of members that did not get an older run. Each can be used once. */
  private void spendTokens(Tx tx, List<Member> members, List<TriggeredRun> created) {
    Map<OneTimeToken, Member> spenders = new LinkedHashMap<>();
    Set<Member> refused = new HashSet<>();
    for (int i = 0; i < members.size(); i++) {
      Member member = members.get(i);
      OneTimeToken token = member.token();
      if (token != null
          && !created.get(i).cached()
          && spenders.putIfAbsent(token, member) != null) {
        refused.add(member);
      }
    }
    if (!spenders.isEmpty()) {
      usedTokens.spend(tx, spenders.keySet()).stream().map(spenders::get).forEach(refused::add);
      if (!refused.isEmpty()) {
        throw new UsedTokens(refused);
      }
    }
  }

  /** After a rollback: refuses the members whose tokens are used up and stores the others. */
  private void storeUnused(Group group, List<Member> members, Set<Member> refused) {
    refused.forEach(
        member -> member.refuse(OneTimeToken.alreadyUsed("trigger " + member.run().task())));
    List<Member> others = members.stream().filter(member -> !refused.contains(member)).toList();
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

  /** Rolls back a transaction in which used-up tokens created runs. */
  private static final class UsedTokens extends RuntimeException {
    private final transient Set<Member> refused;

    UsedTokens(Set<Member> refused) {
      super(null, null, false, false);
      this.refused = refused;
    }
  }
}
