package dev.fanfare.server.db;

import static org.assertj.core.api.Assertions.assertThat;

import java.time.Duration;
import java.util.ArrayList;
import java.util.List;
import java.util.Set;
import java.util.stream.IntStream;
import org.junit.jupiter.api.Test;
import org.junit.jupiter.api.Timeout;

/** Which waiting polls a signal wakes. */
@Timeout(60)
class WaitersTest {

  private final Waiters waiters = new Waiters();

  private Signals.Waiter join(int slots, Integer... taskIds) {
    return waiters.join(Set.of(taskIds), slots, waiters.ticket());
  }

  /** Whether it has been woken: then it does not wait. */
  private static boolean isWoken(Signals.Waiter waiter) throws InterruptedException {
    long began = System.nanoTime();
    waiter.await(Duration.ofMillis(20));
    return System.nanoTime() - began < Duration.ofMillis(20).toNanos();
  }

  private static List<Integer> woken(List<Signals.Waiter> all) throws InterruptedException {
    List<Integer> woken = new ArrayList<>();
    for (int i = 0; i < all.size(); i++) {
      if (isWoken(all.get(i))) {
        woken.add(i);
      }
    }
    return woken;
  }

  @Test
  void a_signal_wakes_as_many_as_have_slots_for_its_runs_the_longest_waiting_first()
      throws Exception {
    List<Signals.Waiter> idle = IntStream.range(0, 20).mapToObj(i -> join(10, 1)).toList();
    waiters.signal(Work.of(Set.of(1), 1));
    assertThat(woken(idle)).containsExactly(0);
    idle.getFirst().look();
    idle.getFirst().looked();
    waiters.signal(Work.of(Set.of(1), 21));
    assertThat(woken(idle)).containsExactly(0, 1, 2);
  }

  @Test
  void a_signal_wakes_only_those_that_can_execute_its_tasks() throws Exception {
    List<Signals.Waiter> idle = List.of(join(1, 1), join(1, 2), join(1, 1, 2), join(1, 3));
    waiters.signal(Work.of(Set.of(2), 5));
    assertThat(woken(idle)).containsExactly(1, 2);
  }

  @Test
  void a_signal_of_unknown_work_wakes_one_which_tells_the_others_what_it_saw() throws Exception {
    List<Signals.Waiter> idle = List.of(join(1, 1), join(1, 2), join(1, 3));
    waiters.signal(Work.UNKNOWN);
    assertThat(woken(idle)).containsExactly(0);
    Signals.Look look = idle.getFirst().look();
    assertThat(look.others()).isTrue();
    idle.getFirst().looked();
    waiters.passOn(look.ticket(), Work.of(Set.of(1, 3), 1)); // the first has looked already
    assertThat(woken(idle)).containsExactly(2);
  }

  @Test
  void a_poll_knows_for_how_many_runs_it_was_woken_and_whether_they_may_be_of_others() {
    Signals.Waiter waiter = join(10, 1, 2);
    waiters.signal(Work.of(Set.of(1), 3));
    waiters.signal(Work.of(Set.of(2), 4));
    assertThat(waiter.look()).isEqualTo(new Signals.Look(2, 7, false));
    assertThat(waiter.look()).isEqualTo(new Signals.Look(2, 0, false));
    waiters.signal(Work.of(Set.of(1, 3), 30));
    assertThat(waiter.look()).isEqualTo(new Signals.Look(3, 10, true));
    waiters.signal(Work.FOR_ALL);
    assertThat(waiter.look()).isEqualTo(new Signals.Look(4, 0, false));
  }

  @Test
  void a_signal_is_passed_on_by_one_that_leaves_before_it_has_looked() throws Exception {
    List<Signals.Waiter> idle = List.of(join(1, 1), join(1, 1), join(1, 1));
    waiters.signal(Work.of(Set.of(1), 1));
    idle.getFirst().close();
    assertThat(woken(idle.subList(1, 3))).containsExactly(0);
    idle.get(1).look();
    idle.get(1).close(); // it failed while it looked
    assertThat(woken(idle.subList(2, 3))).containsExactly(0);
  }

  @Test
  void a_signal_between_looking_and_waiting_is_not_missed() throws Exception {
    long ticket = waiters.ticket();
    waiters.signal(Work.UNKNOWN);
    assertThat(isWoken(waiters.join(Set.of(1), 1, ticket))).isTrue();
  }

  @Test
  void work_survives_the_way_to_other_servers_and_nonsense_is_no_work() {
    for (Work work :
        List.of(Work.UNKNOWN, Work.FOR_ALL, Work.of(Set.of(3, 4), 7), Work.of(Set.of(), 1_000))) {
      assertThat(Work.parse(work.text())).isEqualTo(work);
    }
    assertThat(Work.of(Set.of(1), 2).and(Work.of(Set.of(2), 3)))
        .isEqualTo(Work.of(Set.of(1, 2), 5));
    assertThat(Work.of(Set.of(1), 2).and(Work.UNKNOWN)).isEqualTo(Work.of(Set.of(), 3));
    for (String text :
        List.of("", "x", "1", "0:", "1:x", "1:1,", "99999999999:1", "1:9999999999")) {
      assertThat(Work.parse(text)).as(text).isNull();
    }
  }
}
