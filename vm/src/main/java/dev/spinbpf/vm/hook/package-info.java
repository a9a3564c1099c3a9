/**
 * The places where programs attach, and the events and internal points that make attached programs run. The running
 * itself does not belong here.
 */
@NullMarked
package dev.spinbpf.vm.hook;

import org.jspecify.annotations.NullMarked;
