<?php

declare(strict_types=1);

namespace StoreController\Bridge\Test\Unit\Core;

use PHPUnit\Framework\TestCase;
use RuntimeException;
use StoreController\Bridge\Core\Causes;
use StoreController\Bridge\Core\Probe;

class MailRulesTest extends TestCase
{
    public function testEveryCauseIsSaidOnceInOneLine(): void
    {
        $server = new RuntimeException("535 5.7.8\r\n  authentication failed");
        $transport = new RuntimeException('Unable to send mail', 0, $server);
        $error = new RuntimeException('Unable to send mail', 0, $transport);
        $this->assertSame('Unable to send mail: 535 5.7.8 authentication failed', Causes::of($error));
    }

    public function testAnExceptionWithoutWordsSaysWhatItIs(): void
    {
        $this->assertSame(RuntimeException::class, Causes::of(new RuntimeException('')));
    }

    public function testWhatIsSaidIsCutToALine(): void
    {
        $this->assertSame(500, mb_strlen(Causes::of(new RuntimeException(str_repeat('ä', 9000)))));
    }

    public function testTheProbeIsKnownByItsAddress(): void
    {
        $this->assertTrue(Probe::bought('Storectl-Probe@example.com'));
        $this->assertFalse(Probe::bought('somebody@example.com'));
        $this->assertFalse(Probe::bought(null));
    }
}
