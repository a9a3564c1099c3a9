/** What commands print: tables, CSV, JSON. */
@NullMarked
package dev.spinbpf.tools.report;

import org.jspecify.annotations.NullMarked;
