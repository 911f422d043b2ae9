package dev.fanfare.sdk.internal;

import dev.fanfare.sdk.BatchHandle;
import dev.fanfare.sdk.ConnectionException;
import java.io.ByteArrayOutputStream;
import java.util.ArrayList;
import java.util.Iterator;
import java.util.List;
import java.util.Map;
import java.util.NoSuchElementException;
import org.jspecify.annotations.Nullable;

/**
 * Triggers a batch of any size. One that fits into a request is sent in one. Otherwise the batch is
 * announced, and its items follow in parts. A part is kept until the server has stored it, so that
 * it can be sent again; the server ignores items that it has. For one batch, and one thread.
 */
public final class ItemSender {
  private static final int PART_ITEMS_MAX = 10_000;
  private static final int PART_BYTES_MAX = 4 * 1024 * 1024;

  private final Api api;
  private final String taskId;
  private final @Nullable String parentRunId;
  private final ByteArrayOutputStream part = new ByteArrayOutputStream(64 * 1024);
  private int partItems;
  private int count;

  /**
   * A sender of one batch.
   *
   * @param parentRunId the run that triggers the batch; absent: none does
   */
  public ItemSender(Api api, String taskId, @Nullable String parentRunId) {
    this.api = api;
    this.taskId = taskId;
    this.parentRunId = parentRunId;
  }

  /**
   * Sends all items, and returns when their runs are stored.
   *
   * @throws IllegalArgumentException when there are none
   */
  public BatchHandle send(Iterator<Bodies.Item> items) {
    List<Bodies.Item> first = new ArrayList<>();
    while (first.size() < Api.ITEMS_MAX && items.hasNext()) {
      first.add(items.next());
    }
    if (!items.hasNext()) {
      return api.batch(taskId, first, Map.of(), parentRunId);
    }
    String id = api.announce(parentRunId);
    Iterator<Bodies.Item> all = new Joined(first, items);
    while (all.hasNext()) {
      if (partItems == PART_ITEMS_MAX || part.size() > PART_BYTES_MAX) {
        api.addItems(id, take(), null);
      }
      api.bodies().line(part, count++, taskId, all.next());
      partItems++;
    }
    if (!api.addItems(id, take(), count)) {
      throw new ConnectionException("The server lacks items of " + id, null);
    }
    return new BatchHandle(id, List.of(), false, List.of());
  }

  private byte[] take() {
    byte[] bytes = part.toByteArray();
    part.reset();
    partItems = 0;
    return bytes;
  }

  /** The first items, which are then forgotten, and the others. */
  private static final class Joined implements Iterator<Bodies.Item> {
    private final Iterator<Bodies.Item> rest;
    private @Nullable Iterator<Bodies.Item> first;

    Joined(List<Bodies.Item> first, Iterator<Bodies.Item> rest) {
      this.first = first.iterator();
      this.rest = rest;
    }

    @Override
    public boolean hasNext() {
      if (first != null && !first.hasNext()) {
        first = null;
      }
      return first != null || rest.hasNext();
    }

    @Override
    public Bodies.Item next() {
      if (!hasNext()) {
        throw new NoSuchElementException();
      }
      return first != null ? first.next() : rest.next();
    }
  }
}
