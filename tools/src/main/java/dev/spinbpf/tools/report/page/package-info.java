/** The page that {@code spinbpf verify --html} writes; nothing that is printed. */
@NullMarked
package dev.spinbpf.tools.report.page;

import org.jspecify.annotations.NullMarked;
