/*
 * The connectors that come with Tidemark keep the contract that others are asked to keep. In one file: most of the time goes
 * into loading what they talk with, for both of them the same.
 */
import './own-sinks.js'
import './own-sources.js'
