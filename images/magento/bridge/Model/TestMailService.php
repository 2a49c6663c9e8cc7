<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model;

use Magento\Framework\App\Config\ScopeConfigInterface;
use Magento\Framework\Mail\AddressFactory;
use Magento\Framework\Mail\EmailMessageInterfaceFactory;
use Magento\Framework\Mail\MimeInterface;
use Magento\Framework\Mail\MimeMessageInterfaceFactory;
use Magento\Framework\Mail\MimePartInterfaceFactory;
use Magento\Framework\Mail\TransportInterfaceFactory;
use StoreController\Bridge\Api\Data\TestMailInterface as TestMailData;
use StoreController\Bridge\Api\TestMailInterface;
use StoreController\Bridge\Core\Causes;
use StoreController\Bridge\Core\Refusal;
use StoreController\Bridge\Model\Data\TestMail;
use Throwable;

/**
 * POST test-mail.
 */
class TestMailService implements TestMailInterface
{
    private const DISABLED = 'system/smtp/disable';
    private const SENDER = 'trans_email/ident_sales/';

    /**
     * @param ScopeConfigInterface $config
     * @param AddressFactory $addresses
     * @param MimePartInterfaceFactory $parts
     * @param MimeMessageInterfaceFactory $bodies
     * @param EmailMessageInterfaceFactory $messages
     * @param TransportInterfaceFactory $transports
     * @param Failures $failures
     */
    public function __construct(
        private readonly ScopeConfigInterface $config,
        private readonly AddressFactory $addresses,
        private readonly MimePartInterfaceFactory $parts,
        private readonly MimeMessageInterfaceFactory $bodies,
        private readonly EmailMessageInterfaceFactory $messages,
        private readonly TransportInterfaceFactory $transports,
        private readonly Failures $failures
    ) {
    }

    /**
     * @inheritDoc
     */
    public function send(string $recipient): TestMailData
    {
        if (filter_var($recipient, FILTER_VALIDATE_EMAIL) === false) {
            throw $this->failures->malformed(new Refusal('"%1" is no e-mail address.', [$recipient]));
        }
        if ($this->config->isSetFlag(self::DISABLED)) {
            return new TestMail(false, 'Email communications are disabled.');
        }
        try {
            $this->transports->create(['message' => $this->message($recipient)])->sendMessage();
        } catch (Throwable $error) {
            return new TestMail(false, Causes::of($error));
        }
        return new TestMail(true, '');
    }

    /**
     * A short mail from the shop's own address.
     *
     * @param string $recipient
     */
    private function message(string $recipient): object
    {
        $name = (string)$this->config->getValue(self::SENDER . 'name');
        $from = (string)$this->config->getValue(self::SENDER . 'email');
        $text = 'Mails of this shop arrive. Nothing needs to be done.';
        $part = $this->parts->create(['content' => $text, 'type' => MimeInterface::TYPE_TEXT]);
        return $this->messages->create([
            'body' => $this->bodies->create(['parts' => [$part]]),
            'from' => [$this->addresses->create(['email' => $from, 'name' => $name])],
            'to' => [$this->addresses->create(['email' => $recipient, 'name' => null])],
            'subject' => 'Test mail of ' . $name,
        ]);
    }
}
