/**
 * The worker, which executes runs. Start reading at {@link
 * dev.fanfare.sdk.internal.worker.WorkerLoop}: it opens sessions, polls for runs and drains.
 *
 * <p>Threads: one platform thread polls, one platform thread per session reports, and each attempt
 * has its own virtual thread. Reports that are large or fail have up to three more threads. Polling
 * and reporting use platform threads because CPU-bound tasks can occupy all carriers of virtual
 * threads, and a session that is silent for too long loses everything it holds.
 *
 * <p>An attempt passes through these threads. The poll thread adds it to its {@link
 * dev.fanfare.sdk.internal.worker.Session} and hands it to the {@link
 * dev.fanfare.sdk.internal.worker.Slots}; its own thread executes it and puts the outcome into the
 * {@link dev.fanfare.sdk.internal.worker.Outbox}; the report thread sends the outcome and acts on
 * the server's response.
 *
 * <p>Locks: slots and outbox have one each. The outbox reads the slots under its own lock, never
 * the other way round, and neither lock is held during a call to the server. Races over an attempt,
 * such as its end against its cancellation, are decided by one atomic state in {@link
 * dev.fanfare.sdk.internal.worker.Attempt}.
 */
@NullMarked
package dev.fanfare.sdk.internal.worker;

import org.jspecify.annotations.NullMarked;
