/**
 * The conversation between a Java worker and the server, under {@code /worker/v1}.
 *
 * <pre>
 * POST   /worker/v1/sessions                   {@link SessionRequest}  → {@link SessionResponse}
 * POST   /worker/v1/sessions/{session}/poll    {@link PollRequest}     → {@link PollResponse}, held until there is something
 * POST   /worker/v1/sessions/{session}/reports {@link ReportRequest}   → {@link ReportResponse}
 * DELETE /worker/v1/sessions/{session}         hands back what the session still holds
 * </pre>
 *
 * <p>Every call carries the environment's secret key and renews the session. A session that nothing
 * renews for its lease lapses: the server reclaims what it held and answers 410 to its later calls,
 * whose worker then opens a new one.
 */
@NullMarked
package dev.fanfare.protocol.worker;

import org.jspecify.annotations.NullMarked;
