/** Parts of a search of {@code spinbpf explore} as tasks of Apache Spark. Nothing else may depend on it. */
@NullMarked
package dev.spinbpf.spark;

import org.jspecify.annotations.NullMarked;
