<?php
/**
 * What the entry points ask the database before Magento may touch it.
 *
 * Usage: php database.php state|begin|finish|restore-begin|restore-end|check-key|fingerprint|client
 *   state        prints empty, begun, installed, restoring or foreign
 *   begin        marks an empty database as one that this image installs
 *   finish       marks the installation as complete and keeps the crypt key's fingerprint
 *   restore-begin  removes everything, and marks the database as one that is being restored
 *   restore-end  marks it as restored
 *   check-key    fails when the mounted crypt key is not the one that the database was made with
 *   fingerprint  prints the mounted crypt key's fingerprint
 *   client       prints a configuration file for MariaDB's own programs
 */
declare(strict_types=1);

const MARK = 'storecontroller_install';
const RESTORING = 'storecontroller_restoring';

$environment = require __DIR__ . '/app-etc/env.php';
$settings = $environment['db']['connection']['default'];
[$host, $port] = explode(':', $settings['host']);
$fingerprint = substr(hash('sha256', 'crypt-key:' . $environment['crypt']['key']), 0, 16);

function connect(string $host, string $port, array $settings): PDO
{
    $address = "mysql:host=$host;port=$port;dbname={$settings['dbname']};charset=utf8mb4";
    $options = [PDO::ATTR_ERRMODE => PDO::ERRMODE_EXCEPTION, PDO::ATTR_TIMEOUT => 5];
    return new PDO($address, $settings['username'], $settings['password'], $options);
}

function state(PDO $database): string
{
    $tables = $database->query('SHOW TABLES')->fetchAll(PDO::FETCH_COLUMN);
    if ($tables === []) {
        return 'empty';
    }
    if (in_array(RESTORING, $tables, true)) {
        return 'restoring';
    }
    if (in_array(MARK, $tables, true)) {
        $row = $database->query('SELECT finished_at FROM ' . MARK)->fetch(PDO::FETCH_ASSOC);
        return $row && $row['finished_at'] !== null ? 'installed' : 'begun';
    }
    // A shop that came from elsewhere has Magento's own list of modules.
    return in_array('setup_module', $tables, true) ? 'installed' : 'foreign';
}

function begin(PDO $database): void
{
    $database->exec(
        'CREATE TABLE IF NOT EXISTS ' . MARK . ' (id INT PRIMARY KEY, begun_at DATETIME NOT NULL,'
        . ' finished_at DATETIME NULL, crypt_key_fingerprint CHAR(16) NULL)'
    );
    $database->exec('INSERT IGNORE INTO ' . MARK . ' (id, begun_at) VALUES (1, UTC_TIMESTAMP())');
}

function finish(PDO $database, string $fingerprint): void
{
    $update = 'UPDATE ' . MARK . ' SET finished_at = UTC_TIMESTAMP(), crypt_key_fingerprint = ? WHERE id = 1';
    $database->prepare($update)->execute([$fingerprint]);
}

/** Nothing of what was there, and nothing of what an earlier attempt loaded, is left but the mark. */
function restoreBegin(PDO $database): void
{
    $database->exec('CREATE TABLE IF NOT EXISTS ' . RESTORING . ' (begun_at DATETIME NOT NULL)');
    $quote = static fn (string $name): string => '`' . str_replace('`', '``', $name) . '`';
    $database->exec('SET FOREIGN_KEY_CHECKS = 0');
    $kinds = ['VIEW' => 'VIEW', 'BASE TABLE' => 'TABLE', 'SEQUENCE' => 'SEQUENCE'];
    foreach ($database->query('SHOW FULL TABLES')->fetchAll(PDO::FETCH_NUM) as [$name, $kind]) {
        if ($name !== RESTORING) {
            $database->exec('DROP ' . ($kinds[$kind] ?? 'TABLE') . ' IF EXISTS ' . $quote($name));
        }
    }
    $routines = 'SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES'
        . ' WHERE ROUTINE_SCHEMA = DATABASE()';
    foreach ($database->query($routines)->fetchAll(PDO::FETCH_NUM) as [$kind, $name]) {
        $database->exec("DROP $kind IF EXISTS " . $quote($name));
    }
    $events = 'SELECT EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = DATABASE()';
    foreach ($database->query($events)->fetchAll(PDO::FETCH_COLUMN) as $name) {
        $database->exec('DROP EVENT IF EXISTS ' . $quote($name));
    }
}

function checkKey(PDO $database, string $fingerprint): void
{
    if (!$database->query("SHOW TABLES LIKE '" . MARK . "'")->fetch()) {
        return;
    }
    $kept = $database->query('SELECT crypt_key_fingerprint FROM ' . MARK)->fetchColumn();
    if ($kept && $kept !== $fingerprint) {
        throw new RuntimeException("The database was made with crypt key $kept, mounted is $fingerprint.");
    }
}

function client(string $host, string $port, array $settings): void
{
    $quote = static fn (string $text): string => '"' . addcslashes($text, '"\\') . '"';
    printf(
        "[client]\nhost=%s\nport=%s\nuser=%s\npassword=%s\ndefault-character-set=utf8mb4\n",
        $host,
        $port,
        $quote($settings['username']),
        $quote($settings['password'])
    );
}

try {
    match ($argv[1] ?? '') {
        'state' => print(state(connect($host, $port, $settings)) . "\n"),
        'begin' => begin(connect($host, $port, $settings)),
        'finish' => finish(connect($host, $port, $settings), $fingerprint),
        'restore-begin' => restoreBegin(connect($host, $port, $settings)),
        'restore-end' => connect($host, $port, $settings)->exec('DROP TABLE IF EXISTS ' . RESTORING),
        'check-key' => checkKey(connect($host, $port, $settings), $fingerprint),
        'fingerprint' => print("$fingerprint\n"),
        'client' => client($host, $port, $settings),
        default => throw new InvalidArgumentException('Unknown question: ' . ($argv[1] ?? '')),
    };
} catch (PDOException $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(75);
} catch (Throwable $error) {
    fwrite(STDERR, $error->getMessage() . "\n");
    exit(1);
}
