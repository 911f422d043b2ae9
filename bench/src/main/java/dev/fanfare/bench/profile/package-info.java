/** Pictures of where the CPU time of the server and the worker goes, from flight recordings. */
@NullMarked
package dev.fanfare.bench.profile;

import org.jspecify.annotations.NullMarked;
