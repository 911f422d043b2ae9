/**
 * The worker protocol: the requests and responses between a Java worker and the server, under
 * {@code /worker/v1}.
 *
 * <pre>
 * POST   /worker/v1/sessions                   {@link SessionRequest}  → {@link SessionResponse}
 * POST   /worker/v1/sessions/{session}/poll    {@link PollRequest}     → {@link PollResponse}, a long poll
 * POST   /worker/v1/sessions/{session}/reports {@link ReportRequest}   → {@link ReportResponse}
 * DELETE /worker/v1/sessions/{session}         returns the leases that the session still holds
 * </pre>
 *
 * <p>Every call carries the environment's secret key and renews the session. A session that is not
 * renewed within its lease time lapses: the server reclaims its runs and responds with 410 to later
 * calls. The worker then opens a new session.
 */
@NullMarked
package dev.fanfare.protocol.worker;

import org.jspecify.annotations.NullMarked;
