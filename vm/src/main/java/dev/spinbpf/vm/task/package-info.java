/** Tasks and cgroups of a machine, and the queues in which tasks wait for a CPU. Nothing here runs programs. */
@NullMarked
package dev.spinbpf.vm.task;

import org.jspecify.annotations.NullMarked;
