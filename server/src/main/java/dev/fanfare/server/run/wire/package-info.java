/**
 * How runs look on the wire: reading one item of a trigger, printing runs, and the vocabularies of
 * the API's versions. Dialect words stop here. Open {@link dev.fanfare.server.run.wire.ItemReader}
 * first.
 */
@NullMarked
package dev.fanfare.server.run.wire;

import org.jspecify.annotations.NullMarked;
