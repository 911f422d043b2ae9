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
 * Triggers single runs, each a call of its own. Calls that arrive at once share a transaction, see
 * {@link GroupCommit}: five round trips for all of them when they carry no options. Each gets the
 * answer that it would have got alone.
 */
public final class TriggerRun {
  /** More than callers have connections open, usually; a bound on how long one commit can take. */
  private static final int GROUP_MAX = 250;

  private final Database database;
  private final Signals signals;
  private final InstantSource clock;
  private final AssignLanes lanes;
  private final CreateRuns runs;
  private final RequestKeyStore requests = new RequestKeyStore();
  private final UsedTokenStore usedTokens = new UsedTokenStore();
  private final GroupCommit<Group, Member> groups =
      new GroupCommit<>(GROUP_MAX, this::commit, TriggerRun::fail);

  TriggerRun(Resources resources, AssignLanes lanes, CreateRuns runs) {
    this.database = resources.database();
    this.signals = resources.signals();
    this.clock = resources.clock();
    this.lanes = lanes;
    this.runs = runs;
  }

  /** What the calls that share a transaction have in common. */
  private record Group(int environmentId, Source source) {}

  private record Member(
      NewRun run,
      @Nullable Hash requestKey,
      @Nullable OneTimeToken token,
      CompletableFuture<Result<TriggeredRun>> answer) {

    void complete(TriggeredRun run) {
      answer.complete(Result.of(run));
    }

    void refuse(Refusal refusal) {
      answer.complete(Result.refused(refusal));
    }
  }

  /**
   * Stores the run and returns when it is durable.
   *
   * @param requestKey hash of what marks a repeated request; absent: the client sends no such mark
   * @param token what a new run uses up; absent: nothing
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
      return member.answer().join();
    } catch (CompletionException e) {
      throw e.getCause() instanceof RuntimeException cause ? cause : e;
    }
  }

  /**
   * A request that is sent again while its first sending waits beside it is stored after it, and so
   * is a second use of a one-time token.
   */
  private void commit(Group group, List<Member> members) {
    Set<Hash> keys = new HashSet<>();
    Set<OneTimeToken> tokens = new HashSet<>();
    List<Member> first = new ArrayList<>(members.size());
    List<Member> again = new ArrayList<>();
    for (Member member : members) {
      boolean newKey = member.requestKey() == null || keys.add(member.requestKey());
      boolean newToken = member.token() == null || tokens.add(member.token());
      (newKey && newToken ? first : again).add(member);
    }
    store(group, first);
    if (!again.isEmpty()) {
      commit(group, again);
    }
  }

  /** Answers every member: with a run, a refusal, or the failure of its transaction. */
  private void store(Group group, List<Member> members) {
    try {
      List<NewRun> asked = members.stream().map(Member::run).toList();
      Assigned assigned = lanes.assign(group.environmentId(), asked, OnRejection.SKIP);
      List<Member> accepted = new ArrayList<>(members.size());
      for (int i = 0; i < members.size(); i++) {
        String why = assigned.rejected().get(i);
        if (why == null) {
          accepted.add(members.get(i));
        } else {
          members.get(i).refuse(Refusal.unprocessable(why));
        }
      }
      if (!accepted.isEmpty()) {
        create(group, accepted, assigned.placed());
      }
    } catch (Throwable e) {
      storeApart(group, members.stream().filter(m -> !m.answer().isDone()).toList(), e);
    }
  }

  private void create(Group group, List<Member> members, List<PlacedRun> placed) {
    List<TriggeredRun> created;
    try {
      created =
          database.transaction(
              group.environmentId(),
              tx -> create(tx, group.source(), clock.instant(), members, placed));
    } catch (AnsweredBefore e) {
      storeOthers(group, members, e.runIds);
      return;
    } catch (UsedBefore e) {
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
    List<TriggeredRun> created = runs.create(tx, Origin.single(source, now), placed);
    Map<Hash, UUID> answers = new LinkedHashMap<>();
    for (int i = 0; i < members.size(); i++) {
      Hash key = members.get(i).requestKey();
      if (key != null) {
        answers.put(key, created.get(i).runId());
      }
    }
    if (!answers.isEmpty()) {
      Map<Hash, UUID> before = requests.claim(tx, answers, now);
      if (!before.isEmpty()) {
        throw new AnsweredBefore(before);
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
      Set<OneTimeToken> before = usedTokens.spend(tx, spent);
      if (!before.isEmpty()) {
        throw new UsedBefore(before);
      }
    }
  }

  /** Some are repeated requests that have their answers: nothing was stored; store the others. */
  private void storeOthers(Group group, List<Member> members, Map<Hash, UUID> runIds) {
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

  /** Some bring tokens that are used up: nothing was stored; store the others. */
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
   * A member whose run cannot be stored must not take the others with it: store each half by
   * itself, down to one member. When the database is away that would only repeat the wait, and when
   * a commit got no answer it could store twice.
   */
  private void storeApart(Group group, List<Member> members, Throwable failure) {
    boolean away = failure instanceof DatabaseException e && e.isUnavailable();
    if (members.size() <= 1 || away || failure instanceof Error) {
      fail(members, failure);
      return;
    }
    int half = members.size() / 2;
    store(group, members.subList(0, half));
    store(group, members.subList(half, members.size()));
  }

  private static void fail(List<Member> members, Throwable failure) {
    members.forEach(member -> member.answer().completeExceptionally(failure));
  }

  /** Rolls back runs that repeated requests would have created a second time. */
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
