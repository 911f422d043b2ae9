/**
 * How a worker executes runs. Open {@link dev.fanfare.sdk.internal.worker.WorkerLoop} first: it
 * opens sessions, polls for work and drains.
 *
 * <p>The threads: one platform thread polls; one platform thread per session reports; each attempt
 * runs on a virtual thread of its own. Polling and reporting stay off the virtual threads because a
 * task that burns CPU may hold all their carriers, and a session that is silent for too long loses
 * all it holds.
 *
 * <p>An attempt moves from thread to thread like this. The poll thread adds it to its {@link
 * dev.fanfare.sdk.internal.worker.Session} and hands it to {@link
 * dev.fanfare.sdk.internal.worker.Slots}; its own thread executes it and puts the outcome into the
 * {@link dev.fanfare.sdk.internal.worker.Outbox}; the report thread sends that and acts on the
 * server's answer. Slots and outbox have a lock each: the outbox looks at the slots under its own,
 * never the other way round, and neither is held across a call to the server. Who may still decide
 * over an attempt is settled by one atomic state in {@link
 * dev.fanfare.sdk.internal.worker.Attempt}.
 */
@NullMarked
package dev.fanfare.sdk.internal.worker;

import org.jspecify.annotations.NullMarked;
