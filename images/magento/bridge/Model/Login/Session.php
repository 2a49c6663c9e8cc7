<?php

declare(strict_types=1);

namespace StoreController\Bridge\Model\Login;

use Magento\Backend\Model\Auth\Session as AuthSession;
use Magento\Framework\Event\ManagerInterface as EventManager;
use Magento\Security\Model\AdminSessionsManager;
use Magento\User\Model\ResourceModel\User as UserResource;
use Magento\User\Model\User;

/**
 * Signs an account in as Magento's own form does once the password was right. A second factor, where the shop
 * has one, still stands behind it.
 */
class Session
{
    /**
     * @param AuthSession $session
     * @param AdminSessionsManager $sessions
     * @param UserResource $users
     * @param EventManager $events
     */
    public function __construct(
        private readonly AuthSession $session,
        private readonly AdminSessionsManager $sessions,
        private readonly UserResource $users,
        private readonly EventManager $events
    ) {
    }

    /**
     * Signs in, under a new session identifier.
     *
     * @param User $user
     */
    public function open(User $user): void
    {
        $this->session->setUser($user);
        $this->session->processLogin();
        $this->sessions->processLogin();
        $this->users->recordLogin($user);
        $this->events->dispatch('backend_auth_user_login_success', ['user' => $user]);
    }
}
