import org.codelibs.opensearch.runner.OpenSearchRunner;

/** A node that also runs ingest pipelines, which those of the runner's own main do not. Takes the runner's arguments. */
public class Node {
    public static void main(final String[] arguments) throws InterruptedException {
        final OpenSearchRunner runner = new OpenSearchRunner();
        Runtime.getRuntime().addShutdownHook(new Thread(() -> {
            try {
                runner.close();
            } catch (final java.io.IOException failed) {
                System.err.println(failed.getMessage());
            }
        }));
        runner.onBuild((number, settings) -> settings.putList("node.roles", "cluster_manager", "data", "ingest"));
        runner.build(arguments);
        Thread.currentThread().join();
    }
}
