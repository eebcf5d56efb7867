package org.example.build

import groovy.transform.CompileStatic
import static java.lang.Math.max

/**
 * Builds one project.
 */
@CompileStatic
class Build extends Task implements Runnable {
    static final int LIMIT = 10
    private String name

    Build(String name) {
        this.name = name
    }

    /** Runs it. */
    @Override
    void run() {
        steps.each { step -> step.execute(name) }
    }

    def describe(boolean full = false) {
        if (full) {
            return render(this)
        }
        return name
    }
}

interface Step {
    void execute(String name)
}

enum Mode {
    FAST, FULL
}

def deploy(String host) {
    sh "scp build ${host}"
}
