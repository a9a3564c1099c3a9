package dev.spinbpf.spark;

import java.io.PrintStream;
import org.apache.spark.Success$;
import org.apache.spark.scheduler.SparkListener;
import org.apache.spark.scheduler.SparkListenerExecutorRemoved;
import org.apache.spark.scheduler.SparkListenerTaskEnd;
import org.apache.spark.scheduler.SparkListenerTaskStart;
import org.apache.spark.scheduler.TaskInfo;

/** Says on the way where parts are searched and done, and which have to be searched again because their executor was lost. */
final class ShardListener extends SparkListener {
    private final PrintStream err;

    ShardListener(PrintStream err) {
        this.err = err;
    }

    @Override
    public void onTaskStart(SparkListenerTaskStart start) {
        say(start.taskInfo(), "is searched on");
    }

    @Override
    public void onTaskEnd(SparkListenerTaskEnd end) {
        say(end.taskInfo(), Success$.MODULE$.equals(end.reason()) ? "is done on" : "is lost on");
    }

    private void say(TaskInfo part, String what) {
        err.println("spinbpf: part " + (part.index() + 1) + " " + what + " executor " + part.executorId());
        err.flush();
    }

    @Override
    public void onExecutorRemoved(SparkListenerExecutorRemoved removed) {
        err.println("spinbpf: executor " + removed.executorId() + " is gone; its parts are searched again");
        err.flush();
    }
}
