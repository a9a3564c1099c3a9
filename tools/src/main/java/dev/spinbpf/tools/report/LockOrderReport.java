package dev.spinbpf.tools.report;

import dev.spinbpf.vm.order.LockOrder;
import java.util.List;

/**
 * The order of the locks of some programs, as it is reported.
 *
 * @param order what was found
 * @param looked how many programs were looked at
 * @param left the programs that were not, such as those that the verifier refused: {@code FILE: PROGRAM: REASON}
 */
public record LockOrderReport(LockOrder order, int looked, List<String> left) {}
