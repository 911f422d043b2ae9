package dev.fanfare.server.trigger;

import static org.assertj.core.api.Assertions.assertThat;

import java.util.List;
import java.util.concurrent.BlockingQueue;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.LinkedBlockingQueue;
import org.junit.jupiter.api.Test;

class GroupCommitTest {
  private final BlockingQueue<List<Integer>> groups = new LinkedBlockingQueue<>();
  private final BlockingQueue<List<Integer>> failures = new LinkedBlockingQueue<>();

  private void failed(List<Integer> group, Throwable failure) {
    failures.add(group);
  }

  @Test
  void a_single_caller_is_a_group_of_one() throws Exception {
    GroupCommit<String, Integer> commit =
        new GroupCommit<>(10, (key, group) -> groups.add(group), this::failed);

    commit.join("key", 1);
    assertThat(groups.take()).containsExactly(1);

    commit.join("key", 2);
    assertThat(groups.take()).containsExactly(2);
  }

  @Test
  void calls_that_arrive_while_a_group_runs_join_the_next_group_up_to_its_maximum()
      throws Exception {
    CountDownLatch begun = new CountDownLatch(1);
    CountDownLatch go = new CountDownLatch(1);
    GroupCommit<String, Integer> commit =
        new GroupCommit<>(
            2,
            (key, group) -> {
              begun.countDown();
              awaitQuietly(go);
              groups.add(group);
            },
            this::failed);

    commit.join("key", 1);
    begun.await();
    for (int i = 2; i <= 6; i++) {
      commit.join("key", i);
    }
    go.countDown();

    assertThat(groups.take()).containsExactly(1);
    assertThat(groups.take()).containsExactly(2, 3);
    assertThat(groups.take()).containsExactly(4, 5);
    assertThat(groups.take()).containsExactly(6);
  }

  @Test
  void one_line_does_not_wait_for_another() throws Exception {
    CountDownLatch never = new CountDownLatch(1);
    GroupCommit<String, Integer> commit =
        new GroupCommit<>(
            10,
            (key, group) -> {
              if (key.equals("slow")) {
                awaitQuietly(never);
              }
              groups.add(group);
            },
            this::failed);

    commit.join("slow", 1);
    commit.join("quick", 2);

    assertThat(groups.take()).containsExactly(2);
    never.countDown();
  }

  @Test
  void a_failed_group_is_reported_and_does_not_block_its_line() throws Exception {
    GroupCommit<String, Integer> commit =
        new GroupCommit<>(
            10,
            (key, group) -> {
              if (group.contains(1)) {
                throw new OutOfMemoryError("intended fault");
              }
              groups.add(group);
            },
            this::failed);

    commit.join("key", 1);
    assertThat(failures.take()).containsExactly(1);

    commit.join("key", 2);
    assertThat(groups.take()).containsExactly(2);
  }

  private static void awaitQuietly(CountDownLatch latch) {
    try {
      latch.await();
    } catch (InterruptedException e) {
      Thread.currentThread().interrupt();
    }
  }
}
