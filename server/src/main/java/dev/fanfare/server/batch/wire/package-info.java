/** The dialects of the batch endpoints: reading their bodies, printing their answers. */
@NullMarked
package dev.fanfare.server.batch.wire;

import org.jspecify.annotations.NullMarked;
