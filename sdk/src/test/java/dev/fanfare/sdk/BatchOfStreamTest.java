package dev.fanfare.sdk;

import static dev.fanfare.sdk.TriggerOptions.options;
import static org.assertj.core.api.Assertions.assertThat;
import static org.assertj.core.api.Assertions.assertThatThrownBy;

import dev.fanfare.sdk.StandInServer.Answer;
import dev.fanfare.sdk.StandInServer.Request;
import java.util.ArrayList;
import java.util.List;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.function.UnaryOperator;
import java.util.stream.IntStream;
import java.util.stream.Stream;
import org.junit.jupiter.api.AfterEach;
import org.junit.jupiter.api.Test;

/** Batches whose items come from a stream. */
class BatchOfStreamTest {
  private static final TaskReference<Integer> TASK = TaskReference.of("t", Integer.class);
  private static final String ITEMS = "/api/v3/batches/batch_1/items";

  /** What happens to a request for items before it is answered. */
  private UnaryOperator<Answer> fault = answer -> answer;

  private final AtomicInteger parts = new AtomicInteger();
  private final StandInServer server = new StandInServer(this::answer);
  private final Fanfare fanfare = server.client();

  @AfterEach
  void close() {
    server.close();
  }

  private Answer answer(Request request) {
    if (request.target().equals("/api/v3/batches")) {
      return Answer.ok("{\"id\":\"batch_1\",\"runCount\":0,\"isCached\":false}");
    }
    if (!request.target().startsWith(ITEMS)) {
      return Answer.ok("{\"batchId\":\"batch_0\",\"isCached\":false,\"runs\":[\"run_a\"]}");
    }
    parts.incrementAndGet();
    return fault.apply(
        Answer.ok("{\"sealed\":%s}".formatted(request.target().contains("runCount"))));
  }

  private List<Request> items() {
    return server.requests().stream().filter(r -> r.target().startsWith(ITEMS)).toList();
  }

  private static Stream<Integer> numbers(int count) {
    return IntStream.range(0, count).boxed();
  }

  @Test
  void a_stream_of_up_to_1000_items_is_one_request() {
    BatchHandle batch = fanfare.batchTrigger(TASK, numbers(1_000));
    assertThat(batch.id()).isEqualTo("batch_0");
    assertThat(batch.runIds()).containsExactly("run_a");
    assertThat(server.requests()).hasSize(1);
    assertThat(server.requests().getFirst().target()).isEqualTo("/api/v1/tasks/t/batch");
    assertThatThrownBy(() -> fanfare.batchTrigger(TASK, Stream.of()))
        .isInstanceOf(IllegalArgumentException.class)
        .hasMessage("A batch must have 1 to 1000 items, not 0");
  }

  @Test
  void a_longer_stream_is_announced_and_sent_in_parts_of_which_the_last_tells_the_number() {
    BatchHandle batch =
        fanfare
            .within("run_p")
            .batchTrigger(TASK, numbers(25_000), n -> n == 7 ? options().tag("x") : options());
    assertThat(batch.id()).isEqualTo("batch_1");
    assertThat(batch.runIds()).isEmpty();
    Request announcement = server.requests().getFirst();
    assertThat(announcement.body()).isEqualTo("{\"openEnded\":true,\"parentRunId\":\"run_p\"}");
    assertThat(announcement.header("x-trigger-request-idempotency-key")).isNotNull();
    assertThat(items())
        .extracting(Request::target)
        .containsExactly(ITEMS, ITEMS, ITEMS + "?runCount=25000");
    List<String> lines = new ArrayList<>();
    items().forEach(part -> lines.addAll(part.body().lines().toList()));
    assertThat(lines).hasSize(25_000);
    assertThat(lines.get(6)).isEqualTo("{\"index\":6,\"task\":\"t\",\"payload\":6}");
    assertThat(lines.get(7))
        .isEqualTo("{\"index\":7,\"task\":\"t\",\"payload\":7,\"options\":{\"tags\":[\"x\"]}}");
    assertThat(lines.getLast()).isEqualTo("{\"index\":24999,\"task\":\"t\",\"payload\":24999}");
    assertThat(items().getFirst().headers().get("Content-type"))
        .containsExactly("application/x-ndjson");
  }

  @Test
  void long_items_are_sent_in_parts_of_about_4_MiB() {
    TaskReference<String> texts = TaskReference.of("t", String.class);
    String text = "x".repeat(10_000);
    fanfare.batchTrigger(texts, numbers(1_100).map(n -> text));
    assertThat(items()).hasSize(3);
    assertThat(items().getFirst().body()).hasSizeBetween(4 << 20, (4 << 20) + 11_000);
  }

  @Test
  void a_part_that_is_lost_or_refused_for_now_is_sent_again_and_no_other() {
    fault =
        answer ->
            switch (parts.get()) {
              case 2 -> Answer.lost();
              case 3 -> Answer.error(503, "busy");
              case 5 -> Answer.lost();
              default -> answer;
            };
    fanfare.batchTrigger(TASK, numbers(21_000));
    List<Request> items = items();
    assertThat(items).hasSize(6);
    assertThat(items.get(2).body()).isEqualTo(items.get(1).body());
    assertThat(items.get(3).body()).isEqualTo(items.get(1).body());
    assertThat(items.get(5)).extracting(Request::target).isEqualTo(ITEMS + "?runCount=21000");
    assertThat(items.get(5).body()).isEqualTo(items.get(4).body());
  }

  @Test
  void the_stream_is_read_while_it_is_sent() {
    AtomicInteger ahead = new AtomicInteger();
    Stream<Integer> counted =
        numbers(60_000).peek(n -> ahead.accumulateAndGet(n - 10_000 * parts.get(), Math::max));
    fanfare.batchTrigger(TASK, counted);
    assertThat(ahead.get()).isLessThanOrEqualTo(10_000);
  }

  @Test
  void a_stream_that_fails_ends_the_call_without_a_last_part() {
    Stream<Integer> failing =
        numbers(20_000)
            .peek(n -> {
              if (n == 15_000) {
                throw new IllegalStateException("no more rows");
              }
            });
    assertThatThrownBy(() -> fanfare.batchTrigger(TASK, failing)).hasMessage("no more rows");
    assertThat(items()).extracting(Request::target).containsExactly(ITEMS);
  }
}
